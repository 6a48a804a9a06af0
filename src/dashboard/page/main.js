// The page, put together.

class Page {
  constructor() {
    this.model = new Model();
    this.theme = new Theme();
    this.lanes = new Lanes(this.model, this.theme, (text, id) => this.#read_out(text, id));
    this.lanes_input = new LanesInput(this.lanes);
    this.charts = new Charts(this.model, this.theme);
    this.tables = new Tables(this.model);
    this.report = embedded_data();
    this.connection = this.report
      ? null
      : new Connection(this.model, {
          heard: () => this.update(),
          drawn: () => this.lanes.draw_soon(),
          changed: () => this.#say_connection(),
        });
    this.controls = new Controls(this.model, this.connection);
  }

  start() {
    document.addEventListener('visibilitychange', () => this.update());
    if (!this.report) return (this.connection.start(), this.#say_connection());
    this.model.take(this.report.picture);
    for (const rows of this.report.rows) this.model.rows.add(rows);
    this.report.rows = null;
    by_id('data').remove();
    by_id('rows')?.remove();
    document.body.classList.add('report');
    this.update();
    this.#say_connection();
  }

  /** Draws all that the last picture has. Nobody looks at a page that is hidden. */
  update() {
    if (!this.model.picture || document.hidden) return;
    this.#head();
    this.#counts();
    this.tables.update();
    this.controls.update();
    this.charts.draw_soon();
    this.lanes.draw_soon();
  }

  #head() {
    const {picture} = this.model;
    const {status} = picture;
    const ended = status.finished + status.errors + status.cancelled;
    const is_over = picture.state === 'ended';
    document.title =
      is_over || !status.tasks
        ? `${picture.program} – ${picture.state}`
        : `${share_text(ended / status.tasks)} – ${picture.program}`;
    set_text(by_id('program'), picture.program);
    set_text(by_id('state'), words(picture.state));
    by_id('state').dataset.state = picture.state;
    set_text(by_id('elapsed'), time_text(Math.round(status.seconds * 10) / 10));
    set_text(by_id('interface'), picture.interface);
    set_text(by_id('host'), `${picture.host}, process ${picture.pid}`);
    set_text(by_id('started'), new Date(picture.started * 1000).toLocaleString());
    set_text(by_id('command'), picture.command);
    set_text(by_id('version'), `CppMW ${picture.version}`);
  }

  #counts() {
    const {picture} = this.model;
    const {status, estimate} = picture;
    const counts = {
      finished: status.finished,
      errors: status.errors,
      cancelled: status.cancelled,
      running: status.running,
      waiting: status.submitted,
    };
    const all = Math.max(1, status.tasks);
    for (const [name, count] of Object.entries(counts)) {
      set_text(by_id('count-' + name), count_text(count));
      by_id('part-' + name)?.style.setProperty('width', (100 * count) / all + '%');
    }
    by_id('count-errors').parentElement.classList.toggle('bad', status.errors > 0);
    const ended = status.finished + status.errors + status.cancelled;
    const bar = by_id('progress');
    bar.setAttribute('aria-valuenow', Math.floor((100 * ended) / all));
    bar.setAttribute('aria-valuetext', `${count_text(ended)} of ${plural(status.tasks, 'task')} ended`);
    set_text(
      by_id('progress-text'),
      `${count_text(ended)} of ${plural(status.tasks, 'task')} · ${share_text(ended / all)}`,
    );
    set_text(
      by_id('rate'),
      estimate ? number_text(estimate.rate) : ended && status.seconds ? number_text(ended / status.seconds) : '–',
    );
    set_text(by_id('left'), this.#left_text(estimate, status));
    show(by_id('left').parentElement, picture.state !== 'ended');
    set_text(by_id('more-facts'), this.#more_facts(picture));
    set_text(
      by_id('lanes-note'),
      picture.not_drawn
        ? `${plural(picture.not_drawn, 'task')} ended too fast to be drawn: a gap need not be idle time.`
        : '',
    );
  }

  #left_text(estimate, status) {
    if (status.submitted + status.running === 0) return 'nothing';
    if (!estimate) return 'not known yet';
    const low = left_text(estimate.low),
      high = left_text(estimate.high);
    return low === high ? low : `${left_text(estimate.left)} (${low} to ${high})`;
  }

  /** What is worth a word only if there is any. */
  #more_facts({status}) {
    const facts = [
      [status.found, (n) => `${count_text(n)} found in the journal or cache`],
      [status.retries, (n) => plural(n, 'retry', 'retries')],
      [status.lost, (n) => `a worker died under a task ${plural(n, 'time')}`],
      [status.copies, (n) => `${plural(n, 'copy', 'copies')} of slow tasks`],
      [status.unread, (n) => `${plural(n, 'result')} not read yet`],
    ];
    return facts
      .filter(([count]) => count > 0)
      .map(([count, text]) => text(count))
      .join(' · ');
  }

  #say_connection() {
    const texts = {
      connecting: 'Asking the master …',
      live: '',
      broken: 'The master is not heard. What you see is what it said last; the page keeps trying.',
      ended: 'The master has ended. The page keeps what it has shown; nothing more will come.',
    };
    const is_report = !this.connection;
    const text = is_report ? 'A report of a run that has ended.' : texts[this.connection.state];
    const line = by_id('connection');
    set_text(line, text);
    line.dataset.state = is_report ? 'report' : this.connection.state;
    show(line, text !== '');
    this.controls.update();
  }

  #read_out(text, id) {
    set_text(by_id('lanes-said'), text || 'Point at a task, or press an arrow key, to see what it is.');
    by_id('lanes-said').dataset.task = id ?? '';
  }
}

const page = new Page();
page.start();
