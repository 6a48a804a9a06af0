// The tables below the pictures, and what each shows of a picture.

class Tables {
  constructor(model) {
    this.model = model;
    const task = {name: 'Task', is_number: true, fill: (cell, item) => this.#fill_task(cell, item.id)};
    const number = (name, cell, is_minor = false) => ({name, cell, is_number: true, is_minor});
    this.running = new Table(
      'running',
      [
        task,
        {name: 'Function', cell: (item) => item.name, is_name: true},
        number('For', (item) => time_text(item.seconds)),
        {name: 'Worker', cell: (item) => item.worker, is_minor: true},
        {name: '', fill: (cell, item) => this.#fill_cancel(cell, item.id)},
      ],
      (item) => item.id + ' ' + item.worker,
      'No task runs.',
      8,
    );
    this.functions = new Table(
      'functions',
      [
        {name: 'Function', fill: (cell, item) => this.#fill_function(cell, item.name), is_name: true},
        number('Finished', (item) => count_text(item.finished)),
        number('Failed', (item) => count_text(item.errors)),
        number('Least', (item) => some_time(item, item.min_seconds), true),
        number('Mean', (item) => some_time(item, item.total_seconds / item.finished)),
        number('Median', (item) => some_time(item, item.p50_seconds), true),
        number('99 %', (item) => some_time(item, item.p99_seconds)),
        number('Greatest', (item) => some_time(item, item.max_seconds), true),
        number('In all', (item) => some_time(item, item.total_seconds), true),
      ],
      (item) => item.name,
      'No task has ended yet.',
    );
    const value = (item, amount) =>
      item.count === 0 ? '–' : item.kind === 'time' ? time_text(amount) : number_text(amount);
    this.measures = new Table(
      'measures',
      [
        {name: 'Measure', cell: (item) => item.name, is_name: true},
        number('Times', (item) => count_text(item.count)),
        number('Sum', (item) => value(item, item.sum)),
        number('Mean', (item) => value(item, item.sum / item.count)),
        number('Least', (item) => value(item, item.min), true),
        number('Median', (item) => value(item, item.p50), true),
        number('99 %', (item) => value(item, item.p99)),
        number('Greatest', (item) => value(item, item.max), true),
      ],
      (item) => item.name,
      'Tasks have measured nothing.',
    );
    this.slowest = new Table(
      'slowest',
      [
        task,
        {name: 'Function', cell: (item) => item.name, is_name: true},
        number('Took', (item) => time_text(item.seconds)),
        number('Began at', (item) => time_text(item.start), true),
        {name: 'Ended', cell: (item) => words(END_WORDS[item.state] ?? item.state), is_minor: true},
        {name: 'Worker', cell: (item) => item.worker, is_minor: true},
      ],
      (item) => item.id + ' ' + item.start,
      'No task has ended yet.',
      8,
    );
    this.hosts = new Table(
      'hosts',
      [
        {name: 'Host', cell: (item) => item.name, is_name: true},
        number('Ready', (item) => `${item.ready} of ${item.workers}`),
        {name: 'Load', is_number: true, fill: (cell, item) => fill_share(cell, item.load)},
        number('Done', (item) => count_text(item.done)),
        number('Lost', (item) => count_text(item.lost)),
        {name: 'Platform', cell: (item) => item.platform || '–', is_minor: true},
        {name: 'Version', cell: (item) => item.version || '–', is_minor: true},
      ],
      (item) => item.name,
      'There is no worker.',
    );
    this.workers = new Table(
      'workers',
      [
        {name: 'Worker', cell: (item) => item.name, is_name: true},
        {name: 'State', fill: (cell, item) => fill_state(cell, item)},
        {name: 'Load', is_number: true, fill: (cell, item) => fill_share(cell, this.#load(item))},
        number('Done', (item) => count_text(item.done)),
        number('Lost', (item) => count_text(item.lost), true),
        number('Slots', (item) => item.slots || '–', true),
        number('Memory', (item) => bytes_text(item.memory), true),
        {name: 'Host', cell: (item) => item.host || '–', is_minor: true},
        {name: 'Version', cell: (item) => item.version || '–', is_minor: true},
        number('Process', (item) => item.pid || '–', true),
      ],
      (item) => item.name,
      'There is no worker.',
    );
    this.failed = new FailedTasks(by_id('failed'));
  }

  update() {
    const {picture} = this.model;
    const {status} = picture;
    this.running.update(this.model.running().sort((a, b) => b.seconds - a.seconds));
    this.functions.update([...status.functions].sort((a, b) => b.total_seconds - a.total_seconds));
    this.measures.update(status.measures ?? []);
    this.slowest.update(picture.slowest);
    this.failed.update(picture.failed);
    this.workers.update([...status.workers].sort((a, b) => is_gone(a) - is_gone(b)));
    this.hosts.update(this.#hosts(status.workers));
    show(by_id('measures-card'), (status.measures ?? []).length > 0);
    show(by_id('running-card'), picture.state !== 'ended');
    update_facts(by_id('interface-facts'), status);
  }

  /** The share of its time that a worker was busy, since it was ready. */
  #load(worker) {
    if (worker.ready_seconds === undefined || !worker.slots || is_gone(worker) || worker.state === 'starting')
      return NaN;
    const busy = worker.busy_seconds + worker.running.reduce((sum, task) => sum + task.seconds, 0);
    return Math.min(
      1,
      busy / Math.max(1e-3, (this.model.picture.status.seconds - worker.ready_seconds) * worker.slots),
    );
  }

  #hosts(workers) {
    const hosts = new Map();
    for (const worker of workers) {
      const name = worker.host || 'not known';
      if (!hosts.has(name))
        hosts.set(name, {
          name,
          workers: 0,
          ready: 0,
          done: 0,
          lost: 0,
          loads: [],
          platform: worker.platform,
          versions: new Set(),
        });
      const host = hosts.get(name);
      const load = this.#load(worker);
      host.workers++;
      if (['idle', 'busy', 'stopped'].includes(worker.state)) host.ready++;
      host.done += worker.done;
      host.lost += worker.lost;
      if (Number.isFinite(load)) host.loads.push(load);
      if (worker.version) host.versions.add(worker.version);
    }
    return [...hosts.values()].map((host) => ({
      ...host,
      version: [...host.versions].join(', '),
      load: host.loads.reduce((sum, load) => sum + load, 0) / host.loads.length,
    }));
  }

  /** A function's name, with its colour in the lanes. */
  #fill_function(cell, name) {
    if (!cell.firstChild) cell.append(element('i', {class: 'swatch'}), element('span'));
    const number = this.model.picture.functions.indexOf(name);
    cell.firstChild.dataset.function = number < 0 ? '' : number % FUNCTION_COLOURS;
    set_text(cell.lastChild, name);
  }

  #fill_task(cell, id) {
    fill_button(cell, String(id), `Task ${id}: what is known of it`, () => page.controls.explain(id));
    cell.firstChild.classList.add('link');
  }

  #fill_cancel(cell, id) {
    fill_button(cell, 'Cancel', `Cancel task ${id}`, () => page.controls.cancel(id));
    cell.firstChild.classList.add('changes');
  }
}

function is_gone(worker) {
  return ['left', 'lost', 'not_started'].includes(worker.state);
}

function some_time(item, seconds) {
  return item.finished === 0 || seconds === undefined ? '–' : time_text(seconds);
}

function fill_state(cell, worker) {
  if (!cell.firstChild) cell.append(element('span', {class: 'dot', 'aria-hidden': 'true'}), element('span'));
  cell.firstChild.dataset.state = worker.state;
  set_text(cell.lastChild, words(worker.state) + (worker.note ? `: ${worker.note}` : ''));
}

/** The interface's own keys, as it has named them. */
function update_facts(list, status) {
  const facts = Object.entries(status.interface ?? {});
  show(by_id('interface-card'), facts.length > 0 || Boolean(status.interface_error));
  set_text(by_id('interface-error'), status.interface_error ?? '');
  const known = [...list.children].map((pair) => pair.dataset.key).join();
  if (known !== facts.map(([key]) => key).join()) {
    list.replaceChildren(
      ...facts.map(([key]) => {
        const pair = element('div', {}, element('dt', {}, words(key)), element('dd'));
        pair.dataset.key = key;
        return pair;
      }),
    );
  }
  facts.forEach(([, value], i) => set_text(list.children[i].lastChild, fact_text(value)));
}

function fact_text(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? count_text(value) : number_text(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

const FEW_FAILED = 8;

/** Tasks that failed, newest first; each can be opened. */
class FailedTasks {
  constructor(box) {
    this.box = box;
    this.shown = new Map();
    this.list = element('div');
    this.limit = FEW_FAILED;
    this.more = element('button', {type: 'button', class: 'plain'});
    this.more.addEventListener('click', () => {
      this.limit = this.limit === FEW_FAILED ? Infinity : FEW_FAILED;
      this.update(this.items);
    });
    this.empty = element('p', {class: 'quiet'}, 'No task has failed.');
    this.box.append(this.list, this.empty, this.more);
  }

  update(all) {
    this.items = all;
    show(this.empty, all.length === 0);
    show(this.more, all.length > FEW_FAILED);
    set_text(this.more, this.limit === FEW_FAILED ? `Show all ${all.length}` : `Show the last ${FEW_FAILED}`);
    const items = all.slice(0, this.limit);
    const keys = new Set(items.map((item) => item.id));
    for (const [key, made] of this.shown) {
      if (keys.has(key)) continue;
      made.remove();
      this.shown.delete(key);
    }
    items.forEach((item, i) => {
      if (!this.shown.has(item.id)) this.shown.set(item.id, this.#make(item));
      const made = this.shown.get(item.id);
      if (this.list.children[i] !== made) this.list.insertBefore(made, this.list.children[i] ?? null);
    });
  }

  #make(item) {
    const summary = element(
      'summary',
      {},
      element('b', {}, `Task ${item.id}`),
      ` ${item.name} `,
      element('span', {class: 'cause'}, words(item.cause)),
      element('span', {class: 'message'}, item.message),
    );
    const fact = (name, text) => element('div', {}, element('dt', {}, name), element('dd', {}, text));
    const facts = element(
      'dl',
      {class: 'facts'},
      fact('Cause', words(item.cause)),
      fact('Attempts', item.attempts),
      fact('Worker', item.worker || '–'),
      fact('Host', item.host || '–'),
      fact('Ended at', time_text(item.time)),
    );
    const made = element('details', {}, summary, facts, element('p', {class: 'whole'}, item.message));
    if (item.err)
      made.append(
        element('h4', {}, 'What it printed to stderr'),
        element('pre', {tabindex: 0, 'aria-label': `stderr of task ${item.id}`}, item.err),
      );
    return made;
  }
}
