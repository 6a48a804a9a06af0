// Rows: one for each ended attempt at a task that is drawn. They stay the bytes that came, 24 for each, in chunks; each
// lane has the numbers of its rows, in the order in which they ended.

const ROW_WORDS = 6;
const CHUNK_ROWS = 65_536;
const MOST_ROWS = 1_100_000;
const STATES = ['finished', 'error', 'cancelled', 'lost'];
const END_WORDS = {finished: 'finished', error: 'failed', cancelled: 'cancelled', lost: 'lost with its worker'};
const ERROR = 1;

/** The numbers of a lane's rows; those of rows that are forgotten are taken from the front. */
class RowNumbers {
  constructor() {
    this.numbers = new Uint32Array(16);
    this.begin = 0;
    this.end = 0;
  }

  push(number) {
    if (this.end === this.numbers.length) {
      const kept = this.numbers.subarray(this.begin, this.end);
      const next =
        this.begin * 2 > this.numbers.length ? this.numbers : new Uint32Array((this.numbers.length * 1.5) | 0);
      next.set(kept);
      this.numbers = next;
      this.end = kept.length;
      this.begin = 0;
    }
    this.numbers[this.end++] = number;
  }

  forget_before(number) {
    while (this.begin < this.end && this.numbers[this.begin] < number) this.begin++;
  }
}

class Rows {
  constructor() {
    this.clear();
  }

  clear() {
    this.chunks = []; // {first, count, words}, in order
    this.first = 0; // number of the first row that is kept
    this.end = 0; // one past the last
    this.lanes = []; // RowNumbers by lane
    this.longest = []; // run time of the longest row by lane, in µs
    this.last_us = 0; // when the last one ended
  }

  /** Takes one answer of GET /rows. Says whether anything in it was new. */
  add(buffer) {
    const head = new DataView(buffer);
    const first = Number(head.getBigUint64(0, true));
    const count = Math.min(head.getUint32(8, true), Math.floor((buffer.byteLength - 16) / (4 * ROW_WORDS)));
    if (count === 0 || first + count <= this.end) return false;
    const words = new Uint32Array(buffer, 16, count * ROW_WORDS);
    const known = Math.max(0, this.end - first);
    if (this.chunks.length === 0) this.first = first;
    for (let at = known; at < count;) at += this.#append(words.subarray(at * ROW_WORDS), first + at);
    while (this.chunks.length > 1 && this.end - this.first > MOST_ROWS) this.#forget_chunk();
    return true;
  }

  /** Adds as many rows as fit into one chunk, the first of which has this number; says how many. */
  #append(words, number) {
    let chunk = this.chunks.at(-1);
    if (!chunk || chunk.count === CHUNK_ROWS || chunk.first + chunk.count !== number) {
      chunk = {first: number, count: 0, words: new Uint32Array(CHUNK_ROWS * ROW_WORDS)};
      this.chunks.push(chunk);
    }
    const count = Math.min(CHUNK_ROWS - chunk.count, words.length / ROW_WORDS);
    chunk.words.set(words.subarray(0, count * ROW_WORDS), chunk.count * ROW_WORDS);
    for (let i = chunk.count; i < chunk.count + count; i++) this.#index(chunk, i);
    chunk.count += count;
    this.end = number + count;
    return count;
  }

  #index(chunk, i) {
    const at = i * ROW_WORDS;
    const {words} = chunk;
    const lane = words[at + 3];
    if (lane > 100_000) return;
    while (this.lanes.length <= lane) {
      this.lanes.push(new RowNumbers());
      this.longest.push(0);
    }
    this.lanes[lane].push(chunk.first + i);
    if (words[at + 2] > this.longest[lane]) this.longest[lane] = words[at + 2];
    const end = words[at] + words[at + 1] * 4294967296 + words[at + 2];
    if (end > this.last_us) this.last_us = end;
  }

  #forget_chunk() {
    this.chunks.shift();
    this.first = this.chunks[0].first;
    for (const lane of this.lanes) lane.forget_before(this.first);
  }

  /** The chunk that a row is in. `near` is one to look at first. */
  chunk_of(number, near) {
    if (near && number >= near.first && number < near.first + near.count) return near;
    let low = 0,
      high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle].first <= number) low = middle;
      else high = middle - 1;
    }
    return this.chunks[low];
  }

  /** A row as an object; times in µs. */
  at(number) {
    const chunk = this.chunk_of(number);
    const at = (number - chunk.first) * ROW_WORDS;
    const {words} = chunk;
    const start = words[at] + words[at + 1] * 4294967296;
    const last = words[at + 5];
    return {
      number,
      start,
      run: words[at + 2],
      end: start + words[at + 2],
      lane: words[at + 3],
      id: words[at + 4],
      function: last & 0xffff,
      state: (last >>> 16) & 0xff,
      attempt: last >>> 24,
    };
  }

  end_of(number) {
    const {words, first} = this.chunk_of(number);
    const at = (number - first) * ROW_WORDS;
    return words[at] + words[at + 1] * 4294967296 + words[at + 2];
  }

  /** The place in a lane's numbers of the first row that ends at `us` or later. */
  first_ending_after(lane, us) {
    const {numbers, begin, end} = this.lanes[lane];
    let low = begin,
      high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.end_of(numbers[middle]) < us) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row of a lane at a time, or the one nearest to it within `reach` µs; undefined if there is none. */
  nearest(lane, us, reach) {
    const list = this.lanes[lane];
    if (!list || list.begin === list.end) return undefined;
    let best;
    let distance = Infinity;
    const place = this.first_ending_after(lane, us);
    for (let i = Math.max(list.begin, place - 1); i < list.end && i < place + 4096; i++) {
      const row = this.at(list.numbers[i]);
      const off = Math.max(0, row.start - us, us - row.end);
      if (off < distance) [best, distance] = [row, off];
      if (off === 0 || row.end - this.longest[lane] > us + distance) break; // no later one can be nearer
    }
    return distance <= reach ? best : undefined;
  }

  /** The rows of a task: its attempts, oldest first. Numbers beyond 2^32 are told apart by nothing here. */
  of_task(id) {
    const found = [];
    const low = id % 4294967296;
    for (const chunk of this.chunks) {
      for (let i = 0, at = 4; i < chunk.count; i++, at += ROW_WORDS)
        if (chunk.words[at] === low) found.push(this.at(chunk.first + i));
    }
    return found;
  }
}
