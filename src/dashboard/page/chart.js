// Two charts over time: tasks by state, one on top of the other, and tasks that ended a second.

const STACK = ['finished', 'errors', 'cancelled', 'running', 'waiting'];

class Charts {
  constructor(model, theme) {
    this.model = model;
    this.theme = theme;
    this.canvases = {tasks: by_id('chart-tasks'), rate: by_id('chart-rate')};
    this.draw_soon = once_a_frame(() => this.draw());
    theme.listeners.push(this.draw_soon);
    for (const canvas of Object.values(this.canvases)) {
      new ResizeObserver(this.draw_soon).observe(canvas);
      canvas.addEventListener('pointermove', (event) => this.#point_at(canvas, event.clientX));
      canvas.addEventListener('pointerleave', () => this.#say(undefined));
      canvas.addEventListener('keydown', (event) => this.#key(event));
      canvas.addEventListener('blur', () => this.#say(undefined));
    }
  }

  draw() {
    if (!this.model.picture) return;
    this.#draw_tasks();
    this.#draw_rate();
  }

  /** Where things are on a canvas, after it was cleared and has its axes. */
  #frame(canvas, most) {
    const {width, height, ratio} = fit_canvas(canvas);
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    const {t} = this.model.series;
    const place = {
      left: 46 * ratio,
      right: width - 6 * ratio,
      top: 6 * ratio,
      bottom: height - 22 * ratio,
      ratio,
      theme: this.theme,
      from: 0,
      to: Math.max(t.at(-1) ?? 0, 0.001),
      most,
    };
    draw_value_axis(context, {...place, count: height / ratio < 130 ? 2 : 4});
    draw_time_axis(context, place);
    const x = (seconds) => place.left + (seconds / place.to) * (place.right - place.left);
    const y = (value) => place.bottom - (value / most) * (place.bottom - place.top);
    return {context, place, x, y};
  }

  #draw_tasks() {
    const {series} = this.model;
    const totals = series.t.map((_, i) => STACK.reduce((sum, name) => sum + series[name][i], 0));
    const {context, place, x, y} = this.#frame(
      this.canvases.tasks,
      rounded_up(totals.reduce((a, b) => Math.max(a, b), 0)),
    );
    const below = series.t.map(() => 0);
    for (const name of STACK) {
      const above = below.map((value, i) => value + series[name][i]);
      context.fillStyle = this.theme[name];
      context.beginPath();
      series.t.forEach((time, i) => context.lineTo(x(time), y(above[i])));
      for (let i = series.t.length - 1; i >= 0; i--) context.lineTo(x(series.t[i]), y(below[i]));
      context.fill();
      this.#edge(context, series.t, above, below, x, y, place.ratio);
      above.forEach((value, i) => {
        below[i] = value;
      });
    }
    this.#mark(context, place, x);
  }

  /** A line between one state and the next: they are told apart without their colours. */
  #edge(context, times, above, below, x, y, ratio) {
    if (!above.some((value, i) => value > below[i])) return;
    context.strokeStyle = this.theme.card;
    context.lineWidth = ratio;
    context.beginPath();
    times.forEach((time, i) => context.lineTo(x(time), y(above[i])));
    context.stroke();
  }

  #draw_rate() {
    const rates = this.model.rates();
    const {context, place, x, y} = this.#frame(
      this.canvases.rate,
      rounded_up(rates.reduce((a, b) => Math.max(a, b), 0)),
    );
    const {t} = this.model.series;
    context.strokeStyle = this.theme.accent;
    context.lineWidth = 1.75 * place.ratio;
    context.lineJoin = 'round';
    context.beginPath();
    t.forEach((time, i) => context.lineTo(x(time), y(rates[i])));
    context.stroke();
    this.#mark(context, place, x);
  }

  #mark(context, place, x) {
    if (this.marked === undefined) return;
    context.fillStyle = this.theme.ink;
    context.fillRect(x(this.model.series.t[this.marked]), place.top, place.ratio, place.bottom - place.top);
  }

  #point_at(canvas, client_x) {
    const {t} = this.model.series;
    if (t.length === 0) return;
    const box = canvas.getBoundingClientRect();
    const seconds = ((client_x - box.left - 46) / (box.width - 52)) * t.at(-1);
    let nearest = 0;
    t.forEach((time, i) => {
      if (Math.abs(time - seconds) < Math.abs(t[nearest] - seconds)) nearest = i;
    });
    this.#say(nearest);
  }

  #key(event) {
    const last = this.model.series.t.length - 1;
    const step = event.shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const at = this.marked ?? last;
    const to = {ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: last}[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#say(Math.max(0, Math.min(last, to)));
  }

  #say(point) {
    this.marked = point;
    const {series} = this.model;
    const said =
      point === undefined
        ? ''
        : `At ${time_text(series.t[point])}: ` +
          STACK.map((name) => `${count_text(series[name][point])} ${name === 'errors' ? 'failed' : name}`).join(', ') +
          `; ${rate_text(this.model.rates()[point])}, ${plural(series.workers[point], 'worker')}`;
    set_text(by_id('chart-said'), said);
    this.draw_soon();
  }
}
