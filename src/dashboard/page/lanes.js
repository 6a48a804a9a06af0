// A lane for each worker: what it did when; which part of the time is in sight, and which task is selected.

const AXIS_HEIGHT = 22; // CSS pixels, as all that is not said to be of the screen
const LEAST_SPAN_US = 20;

class Lanes {
  constructor(model, theme, read_out) {
    this.model = model;
    this.theme = theme;
    this.read_out = read_out; // called with a text and the task's number, when one is pointed at
    this.box = by_id('lanes');
    this.back = by_id('lanes-rows');
    this.front = by_id('lanes-marks');
    this.painter = new LanePainter(model, theme);
    this.span = 0; // µs in sight; 0: all
    this.from = 0;
    this.is_following = true; // the right edge is now
    this.stretch = 1; // how much higher lanes are than they would be
    this.selected = null; // {lane, row}
    this.draw_soon = once_a_frame(() => this.draw());
    theme.listeners.push(this.draw_soon);
    new ResizeObserver(() => this.draw_soon()).observe(this.box);
  }

  /** What is in sight, in µs. */
  view() {
    const end = Math.max(this.model.now() * 1e6, this.model.rows.last_us, 1000);
    if (this.span === 0) return {from: 0, to: end, end};
    const from = this.is_following ? Math.max(0, end - this.span) : this.from;
    return {from, to: from + this.span, end};
  }

  lane_height() {
    const room = Math.min(440, window.innerHeight * 0.6);
    const lanes = Math.max(1, this.model.order.length);
    return Math.max(3, Math.min(22, room / lanes) * this.stretch);
  }

  name_width() {
    const longest = this.#shown_names().reduce((most, name) => Math.max(most, name.length), 1);
    return Math.min(this.box.clientWidth < 600 ? 64 : 190, longest * 6.6 + 14);
  }

  /** Names without what all of them begin with, where there is little room. */
  #shown_names() {
    const {model} = this;
    if (this.names_of === model.names && this.names_width === this.box.clientWidth) return this.names;
    const all = model.order.map((lane) => model.lane_name(lane));
    let common = 0;
    if (this.box.clientWidth < 600 && all.length > 1) {
      const shortest = Math.min(...all.map((name) => name.length));
      while (common < shortest && all.every((name) => name[common] === all[0][common])) common++;
      common = all[0].lastIndexOf(' ', common) + 1;
    }
    [this.names_of, this.names_width] = [model.names, this.box.clientWidth];
    return (this.names = all.map((name) => name.slice(common)));
  }

  draw() {
    const {model} = this;
    if (!model.picture || this.box.clientWidth === 0) return;
    const height = Math.round(
      Math.min(model.order.length * this.lane_height(), Math.min(440, window.innerHeight * 0.6)),
    );
    this.box.style.height = Math.max(22, height) + AXIS_HEIGHT + 'px';
    by_id('lanes-space').style.height =
      Math.max(0, Math.round(model.order.length * this.lane_height()) - height) + 'px';
    const names = this.name_width();
    this.back.style.left = names + 'px';
    this.back.style.width = this.box.clientWidth - names + 'px';
    this.back.style.height = Math.max(22, height) + 'px';
    const size = fit_canvas(this.back);
    const view = {...this.view(), top: this.box.scrollTop * size.ratio, lane_height: this.lane_height() * size.ratio};
    const context = this.back.getContext('2d');
    this.painter.paint(context, view, size);
    write_task_names(context, model, this.theme, view, size);
    this.#draw_marks(view, names);
    this.#name_colours();
  }

  /** What changes without the rows: axis, names of lanes, tasks that run, what is selected. */
  #draw_marks(view, names) {
    const {width, height, ratio} = fit_canvas(this.front);
    const context = this.front.getContext('2d');
    const left = names * ratio,
      bottom = height - AXIS_HEIGHT * ratio;
    context.clearRect(0, 0, width, height);
    draw_time_axis(context, {
      from: view.from / 1e6,
      to: view.to / 1e6,
      left,
      right: width,
      top: bottom,
      bottom: bottom + 3 * ratio,
      ratio,
      theme: this.theme,
    });
    this.#draw_names(context, view, bottom, ratio, left);
    context.save();
    context.beginPath();
    context.rect(left, 0, width - left, bottom);
    context.clip();
    const x = (us) => left + ((us - view.from) / (view.to - view.from)) * (width - left);
    this.#draw_running(context, view, x, ratio);
    if (this.selected) this.#outline(context, view, x, ratio);
    context.restore();
  }

  /** Which function has which colour: of the first ones, as later ones have the same colours again. */
  #name_colours() {
    const names = this.model.picture.functions.slice(0, FUNCTION_COLOURS);
    const list = by_id('lanes-legend');
    if (list.children.length === names.length + 2) return;
    const entry = (attributes, name) => element('li', {}, element('i', {class: 'swatch', ...attributes}), name);
    list.replaceChildren(
      ...names.map((name, i) => entry({'data-function': i}, name)),
      entry({class: 'swatch errors'}, 'failed'),
      entry({class: 'swatch lost'}, 'lost with its worker'),
    );
  }

  #draw_names(context, view, bottom, ratio, left) {
    context.font = `${11 * ratio}px ${this.theme.font}`;
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillStyle = this.theme.quiet;
    const names = this.#shown_names();
    const every = Math.max(1, Math.ceil((13 * ratio) / view.lane_height));
    const first = Math.ceil(Math.floor(view.top / view.lane_height) / every) * every;
    for (let place = first; place < names.length; place += every) {
      const y = (place + 0.5) * view.lane_height - view.top;
      if (y > bottom - 4 * ratio) break;
      if (y > 5 * ratio) context.fillText(fitting_end(context, names[place], left - 8 * ratio), 0, y);
    }
  }

  /** Tasks that workers run now are only outlined: it is not known yet how they end. */
  #draw_running(context, view, x, ratio) {
    if (this.model.picture.state === 'ended') return;
    context.strokeStyle = context.fillStyle = this.theme.running;
    context.lineWidth = ratio;
    for (const task of this.running_bars()) {
      const y = task.place * view.lane_height - view.top;
      if (y + view.lane_height < 0 || y > this.front.height) continue;
      const left = x(task.start),
        width = Math.max(2 * ratio, x(task.end) - left);
      const height = Math.max(1, view.lane_height - 2 * ratio);
      context.globalAlpha = 0.35;
      context.fillRect(left, y, width, height);
      context.globalAlpha = 1;
      if (view.lane_height > 5 * ratio)
        context.strokeRect(left + ratio / 2, y + ratio / 2, width - ratio, height - ratio);
    }
  }

  running_bars() {
    const {picture, place} = this.model;
    const numbers = new Map(this.model.names.map((name, number) => [name, number]));
    const now = picture.now * 1e6;
    return this.model.running().map((task) => ({
      ...task,
      place: place[numbers.get(task.worker)],
      start: now - task.seconds * 1e6,
      end: Math.max(now, this.model.now() * 1e6),
    }));
  }

  #outline(context, view, x, ratio) {
    const {row} = this.selected;
    const y = this.model.place[row.lane] * view.lane_height - view.top;
    const left = x(row.start),
      width = Math.max(3 * ratio, x(row.end) - left);
    context.lineWidth = 2 * ratio;
    context.strokeStyle = this.theme.ink;
    context.strokeRect(left - ratio, y - ratio / 2, width + 2 * ratio, Math.max(3 * ratio, view.lane_height));
  }

  /** Shows another part of the time: `factor` times as much, with the moment at `part` of the width kept where it is. */
  zoom(factor, part = 0.5) {
    const {from, to, end} = this.view();
    const span = Math.max(LEAST_SPAN_US, (to - from) * factor);
    if (span >= end) return this.show_all();
    if (this.is_following && to >= end && part > 0.9) part = 1;
    this.#look_at(from + (to - from) * part - span * part, span, end);
  }

  pan(part) {
    const {from, to, end} = this.view();
    if (this.span !== 0) this.#look_at(from + (to - from) * part, to - from, end);
  }

  #look_at(from, span, end) {
    this.span = span;
    this.from = Math.max(0, Math.min(from, end - span));
    this.is_following = this.from + span >= end - span * 0.002;
    this.draw_soon();
  }

  show_all() {
    this.span = 0;
    this.is_following = true;
    this.draw_soon();
  }

  show_latest() {
    const {from, to, end} = this.view();
    this.span = to - from >= end ? Math.max(LEAST_SPAN_US, Math.min(end, 10e6)) : to - from;
    this.is_following = true;
    this.draw_soon();
  }

  heighten(factor) {
    this.stretch = Math.max(
      0.2,
      Math.min(20, (this.lane_height() * factor) / Math.min(22, Math.max(3, this.lane_height() / this.stretch))),
    );
    this.draw_soon();
  }

  /** Selects a row, brings it into sight, and reads it out. */
  select(row) {
    this.selected = {lane: row.lane, row};
    const {from, to, end} = this.view();
    if (row.end < from || row.start > to) this.#look_at(row.start - (to - from) / 2, to - from, end);
    const y = this.model.place[row.lane] * this.lane_height(),
      room = this.box.clientHeight - AXIS_HEIGHT;
    if (y < this.box.scrollTop) this.box.scrollTop = y;
    else if (y + this.lane_height() > this.box.scrollTop + room) this.box.scrollTop = y + this.lane_height() - room;
    this.read_out(this.text_of(row), row.id);
    this.draw_soon();
  }

  text_of(row) {
    const state = END_WORDS[STATES[row.state]] ?? 'ended';
    const attempt = row.attempt > 1 ? ` · attempt ${row.attempt === 255 ? 'beyond 254' : row.attempt}` : '';
    return (
      `Task ${row.id} · ${this.model.function_name(row.function)} · ${state} after ${time_text(row.run / 1e6)} · ` +
      `from ${time_text(row.start / 1e6)} to ${time_text(row.end / 1e6)} · ${this.model.lane_name(row.lane)}${attempt}`
    );
  }
}

/** A text, or as much of its end as there is room for: names of workers differ there. */
function fitting_end(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let from = Math.max(1, text.length - Math.floor(room / context.measureText('n').width) - 3);
  while (from < text.length && context.measureText('…' + text.slice(from)).width > room) from++;
  return '…' + text.slice(from);
}
