// What one can do: pause, resume, more or fewer workers, ask after a task, cancel one.

class Controls {
  constructor(model, connection) {
    this.model = model;
    this.connection = connection; // null in a report
    this.wanted = null; // how many workers were asked for last
    by_id('pause').addEventListener('click', () => this.#toggle_pause());
    by_id('fewer').addEventListener('click', () => this.#scale(-1));
    by_id('more').addEventListener('click', () => this.#scale(1));
    by_id('ask').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#ask();
    });
    by_id('key-form').addEventListener('submit', (event) => {
      event.preventDefault();
      connection?.use_key(
        by_id('key')
          .value.trim()
          .replace(/^.*#key=/, ''),
      );
      by_id('key').value = '';
      announce('The key is tried when you change something.');
    });
    by_id('answer-cancel').addEventListener('click', () => this.cancel(this.asked));
    by_id('answer-show').addEventListener('click', () => {
      const row = model.rows.of_task(this.asked).at(-1);
      if (!row) return;
      by_id('lanes').scrollIntoView({block: 'center'});
      by_id('lanes').focus({preventScroll: true});
      page.lanes.select(row);
    });
  }

  /** Whether something can be changed now. */
  can_change() {
    return Boolean(this.connection?.key) && this.connection.state === 'live';
  }

  update() {
    const {picture} = this.model;
    const is_over = !this.connection || this.connection.state === 'ended' || picture?.state === 'ended';
    document.body.classList.toggle('read-only', !this.can_change());
    show(by_id('controls'), !is_over && Boolean(this.connection?.key));
    show(by_id('without-key'), !is_over && !this.connection?.key);
    for (const id of ['pause', 'fewer', 'more', 'answer-cancel']) by_id(id).disabled = !this.can_change();
    if (!picture) return;
    const is_paused = picture.state === 'paused';
    set_text(by_id('pause'), is_paused ? 'Resume' : 'Pause');
    show(by_id('pause'), picture.state !== 'stopping');
    show(by_id('scale'), Boolean(picture.can_scale));
    const workers = this.workers();
    if (this.wanted === workers || performance.now() - this.wanted_since > 10_000) this.wanted = null;
    set_text(
      by_id('workers-now'),
      plural(workers, 'worker') + (this.wanted === null ? '' : `, ${count_text(this.wanted)} wanted`),
    );
    if ((this.wanted ?? workers) <= 1) by_id('fewer').disabled = true;
  }

  workers() {
    return this.model.picture.status.workers.filter((worker) => !is_gone(worker)).length;
  }

  async #change(what, method, params, done) {
    try {
      await this.connection.call(method, params);
      announce(done);
    } catch (error) {
      announce(`${what}: ${error.message}`, true);
    }
  }

  #toggle_pause() {
    if (this.model.picture.state === 'paused')
      this.#change('It could not be resumed', 'resume', {}, 'Tasks begin again.');
    else this.#change('It could not be paused', 'pause', {}, 'No task begins from now on; those that run go on.');
  }

  #scale(by) {
    const workers = Math.max(1, (this.wanted ?? this.workers()) + by);
    this.wanted = workers;
    this.wanted_since = performance.now();
    this.update();
    this.#change(
      'The number of workers could not be changed',
      'scale',
      {workers},
      `${plural(workers, 'worker')} wanted.`,
    );
  }

  cancel(id) {
    this.#change(`Task ${id} could not be cancelled`, 'cancel', {id}, `Task ${id} is cancelled.`);
  }

  #ask() {
    const text = by_id('ask-number').value.replace(/[#,\s]/g, '');
    if (!/^[1-9][0-9]{0,15}$/.test(text)) return announce('A task is asked for by its number, from 1.', true);
    this.explain(Number(text));
  }

  /** Shows what is known of a task: what the master says, or else what is on this page. */
  async explain(id) {
    this.asked = id;
    by_id('ask-number').value = String(id);
    const {text, is_open} = await this.#text_about(id);
    if (this.asked !== id) return;
    set_text(by_id('answer-name'), `Task ${id}`);
    set_text(by_id('answer-text'), text);
    show(by_id('answer'), true);
    show(
      by_id('answer-cancel'),
      is_open && Boolean(this.connection) && this.connection.state !== 'ended' && Boolean(this.connection.key),
    );
    show(by_id('answer-show'), this.model.rows.of_task(id).length > 0);
    by_id('answer').scrollIntoView({block: 'nearest'});
  }

  async #text_about(id) {
    if (this.connection && this.connection.state !== 'ended') {
      try {
        const {text} = await this.connection.call('explain', {id});
        // Of those that neither run nor have ended, the master says nothing here: they wait.
        const state = await this.connection.call('task', {id}).then(
          (task) => task.state,
          () => 'waiting',
        );
        const is_open = state === 'waiting' || state === 'running';
        return {text: text.trimEnd(), is_open};
      } catch (error) {
        // Mostly since it has ended, and is forgotten there; if it has just ended, it is on its way to here.
        const found = await this.#soon(() => this.#drawn_text(id));
        return {text: found || `The master says: ${error.message}`, is_open: false};
      }
    }
    return {
      text:
        this.#drawn_text(id) ||
        'This page has nothing about that task: there is none, it had not ended, or it was not drawn.',
      is_open: false,
    };
  }

  /** What `ask` returns once that is something, or after a second. */
  async #soon(ask) {
    for (let i = 0; i < 10 && !ask(); i++) await new Promise((done) => setTimeout(done, 100));
    return ask();
  }

  #drawn_text(id) {
    const lines = this.model.rows.of_task(id).map((row) => page.lanes.text_of(row));
    const failed = this.model.picture?.failed.find((task) => task.id === id);
    if (failed) lines.push(`${words(failed.cause)} after ${plural(failed.attempts, 'attempt')}: ${failed.message}`);
    return lines.join('\n');
  }
}
