// What the page hears of the master, and asks it.

const KEY_NEEDED = -32001;
const SILENCE_MS = 6000; // a master says something about twice a second

class Connection {
  /** heard(picture): a new picture; drawn(): new rows; changed(): whether the master is heard is another than before. */
  constructor(model, {heard, drawn, changed}) {
    Object.assign(this, {model, heard, drawn, changed});
    this.state = 'connecting';
    this.key = take_key();
    this.last_word = performance.now();
  }

  start() {
    this.#listen();
    setInterval(() => this.#watch(), 1000);
  }

  #listen() {
    this.source?.close();
    this.source = new EventSource('events');
    this.source.addEventListener('picture', (event) => this.#take(event, 'live'));
    this.source.addEventListener('end', (event) => {
      this.source.close();
      this.#take(event, 'ended');
    });
    this.source.addEventListener('error', () => this.#become('broken'));
  }

  #take(event, state) {
    this.last_word = performance.now();
    const picture = JSON.parse(event.data);
    this.model.is_live = state === 'live';
    this.model.take(picture);
    this.#become(state);
    this.heard(picture);
    this.#fetch_rows();
  }

  #become(state) {
    if (this.state === state || this.state === 'ended') return;
    this.state = state;
    this.model.is_live = state === 'live';
    this.changed();
  }

  /** A browser tries again by itself after most breaks, but not after all, and it does not notice silence. */
  #watch() {
    if (this.state === 'ended') return;
    const silent = performance.now() - this.last_word;
    if (silent > SILENCE_MS) this.#become('broken');
    const is_given_up = this.source.readyState === EventSource.CLOSED;
    if (
      this.state === 'broken' &&
      (is_given_up || silent > SILENCE_MS) &&
      performance.now() - (this.tried ?? 0) > 3000
    ) {
      this.tried = performance.now();
      this.#listen();
    }
  }

  async #fetch_rows() {
    if (this.is_fetching) return;
    this.is_fetching = true;
    try {
      while (this.model.rows.end < this.model.picture.rows_end) {
        const answer = await fetch(`rows?from=${this.model.rows.end}`, {cache: 'no-store'});
        if (!answer.ok || !this.model.rows.add(await answer.arrayBuffer())) break;
        this.drawn();
      }
    } catch {
      // The next picture asks again. After the last one, what has come is kept.
    } finally {
      this.is_fetching = false;
    }
  }

  /** Calls a method of the master's; its result, or an Error that says why not. */
  async call(method, params = {}) {
    const headers = {'Content-Type': 'application/json'};
    if (this.key) headers.Authorization = `Bearer ${this.key}`;
    this.calls = (this.calls ?? 0) + 1;
    let answer;
    try {
      answer = await fetch('rpc', {
        method: 'POST',
        headers,
        body: JSON.stringify({jsonrpc: '2.0', id: this.calls, method, params}),
      });
    } catch {
      throw new Error('the master does not answer');
    }
    const said = await answer.json().catch(() => ({}));
    if (said.error?.code === KEY_NEEDED) this.#refuse_key();
    if (said.error)
      throw new Error(
        typeof said.error.data === 'string' ? `${said.error.message}: ${said.error.data}` : said.error.message,
      );
    if (!answer.ok) throw new Error(`the master answered ${answer.status}`);
    return said.result;
  }

  #refuse_key() {
    if (!this.key) return;
    this.use_key('');
    throw new Error('the master has another key; paste the one from its line on stderr');
  }

  use_key(key) {
    this.key = key;
    keep_key(key);
    this.changed();
  }
}

/** The key comes in the address, behind the "#", which no browser sends; it does not stay there. */
function take_key() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given) {
    keep_key(given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  try {
    return given ?? sessionStorage.getItem('mw-key') ?? '';
  } catch {
    return given ?? '';
  }
}

function keep_key(key) {
  try {
    if (key) sessionStorage.setItem('mw-key', key);
    else sessionStorage.removeItem('mw-key');
  } catch {
    // A browser that keeps nothing: the key is good until the page is loaded again.
  }
}
