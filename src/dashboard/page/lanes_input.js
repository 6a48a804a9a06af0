// How one moves about in the lanes: Ctrl and the wheel, two fingers, dragging, keys, buttons.

class LanesInput {
  constructor(lanes) {
    this.lanes = lanes;
    this.pointers = new Map(); // what touches the lanes now, and where
    this.#listen();
  }

  /** What is at a point of the screen: a row, a task that runs, or nothing. */
  #point_at(event) {
    const box = this.lanes.back.getBoundingClientRect();
    const {from, to} = this.lanes.view();
    const scale = (to - from) / box.width;
    const us = from + (event.clientX - box.left) * scale;
    const place = Math.floor((event.clientY - box.top + this.lanes.box.scrollTop) / this.lanes.lane_height());
    const lane = this.lanes.model.order[place];
    if (lane === undefined || event.clientX < box.left || event.clientY > box.bottom)
      return this.lanes.read_out('', null);
    const row = this.lanes.model.rows.nearest(lane, us, 3 * scale);
    const running = row
      ? undefined
      : this.lanes.running_bars().find((task) => task.place === place && us >= task.start);
    if (row) this.lanes.read_out(this.lanes.text_of(row), row.id);
    else if (running)
      this.lanes.read_out(
        `Task ${running.id} · ${running.name} · runs since ${time_text(running.seconds)} · ${running.worker}`,
        running.id,
      );
    else this.lanes.read_out(`${this.lanes.model.lane_name(lane)} · at ${time_text(us / 1e6)}: no task`, null);
    return row;
  }

  /** The next task of the selected lane, or the one before. */
  #step(by) {
    const {rows} = this.lanes.model;
    if (!this.lanes.selected) return this.#enter_lane(0);
    const list = rows.lanes[this.lanes.selected.lane];
    let place = rows.first_ending_after(this.lanes.selected.lane, this.lanes.selected.row.end);
    while (place < list.end && list.numbers[place] !== this.lanes.selected.row.number) place++;
    place += by;
    if (place >= list.begin && place < list.end) this.lanes.select(rows.at(list.numbers[place]));
  }

  /** The lane above or below, at about the same time. */
  #enter_lane(by) {
    const {order, rows, place} = this.lanes.model;
    let at = this.lanes.selected ? place[this.lanes.selected.lane] + by : 0;
    const {from, to} = this.lanes.view();
    const middle = this.lanes.selected
      ? (this.lanes.selected.row.start + this.lanes.selected.row.end) / 2
      : (from + to) / 2;
    for (; at >= 0 && at < order.length; at += by || 1) {
      const row = rows.nearest(order[at], middle, Infinity);
      if (row) return this.lanes.select(row);
    }
  }

  #listen() {
    const {box} = this.lanes;
    box.addEventListener('scroll', this.lanes.draw_soon, {passive: true});
    box.addEventListener('wheel', (event) => this.#wheel(event), {passive: false});
    box.addEventListener('keydown', (event) => this.#key(event));
    box.addEventListener('pointermove', (event) => this.#move(event));
    box.addEventListener('pointerdown', (event) => this.#down(event));
    for (const name of ['pointerup', 'pointercancel', 'pointerleave'])
      box.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    const buttons = {
      'lanes-in': () => this.lanes.zoom(0.5),
      'lanes-out': () => this.lanes.zoom(2),
      'lanes-left': () => this.lanes.pan(-0.25),
      'lanes-right': () => this.lanes.pan(0.25),
      'lanes-all': () => this.lanes.show_all(),
      'lanes-latest': () => this.lanes.show_latest(),
      'lanes-lower': () => this.lanes.heighten(1 / 1.5),
      'lanes-taller': () => this.lanes.heighten(1.5),
    };
    for (const [id, act] of Object.entries(buttons)) by_id(id).addEventListener('click', act);
  }

  #wheel(event) {
    const box = this.lanes.back.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.lanes.zoom(
        Math.exp(Math.max(-50, Math.min(50, event.deltaY)) * 0.01),
        Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)),
      );
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      event.preventDefault();
      this.lanes.pan((event.deltaX || event.deltaY) / box.width);
    }
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const acts = {
      ArrowLeft: () => (event.shiftKey ? this.lanes.pan(-0.25) : this.#step(-1)),
      ArrowRight: () => (event.shiftKey ? this.lanes.pan(0.25) : this.#step(1)),
      ArrowUp: () => this.#enter_lane(-1),
      ArrowDown: () => this.#enter_lane(1),
      '+': () => this.lanes.zoom(0.5, this.#centre()),
      '=': () => this.lanes.zoom(0.5, this.#centre()),
      '-': () => this.lanes.zoom(2, this.#centre()),
      0: () => this.lanes.show_all(),
      Home: () => this.lanes.show_all(),
      End: () => this.lanes.show_latest(),
      '[': () => this.lanes.heighten(1 / 1.5),
      ']': () => this.lanes.heighten(1.5),
      Enter: () => this.lanes.selected && page.controls.explain(this.lanes.selected.row.id),
      Escape: () => {
        this.lanes.selected = null;
        this.lanes.read_out('', null);
        this.lanes.draw_soon();
      },
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Where in the width the selected task is: zooming keeps it in sight. */
  #centre() {
    if (!this.lanes.selected) return 0.5;
    const {from, to} = this.lanes.view();
    const part = ((this.lanes.selected.row.start + this.lanes.selected.row.end) / 2 - from) / (to - from);
    return part >= 0 && part <= 1 ? part : 0.5;
  }

  #down(event) {
    this.pointers.set(event.pointerId, {x: event.clientX});
    const row = this.#point_at(event);
    if (row) {
      this.lanes.selected = {lane: row.lane, row};
      this.lanes.draw_soon();
    }
  }

  /** One finger, or the mouse with its button down, moves the time; two fingers zoom. */
  #move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return this.#point_at(event);
    const width = this.lanes.back.clientWidth;
    const other = [...this.pointers.entries()].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const before = Math.abs(pointer.x - other.x),
        after = Math.abs(event.clientX - other.x);
      const middle = (event.clientX + other.x) / 2 - this.lanes.back.getBoundingClientRect().left;
      if (before > 8 && after > 8) this.lanes.zoom(before / after, Math.max(0, Math.min(1, middle / width)));
    } else {
      this.lanes.pan((pointer.x - event.clientX) / width);
    }
    pointer.x = event.clientX;
  }
}
