// What the page knows: the last picture, the series of all pictures so far, and the rows.

const SERIES = ['waiting', 'running', 'finished', 'errors', 'cancelled', 'workers'];
const MOST_POINTS = 4000;

class Model {
  constructor() {
    this.picture = null;
    this.rows = new Rows();
    this.#clear();
  }

  #clear() {
    this.rows.clear();
    this.series = {t: [], ...Object.fromEntries(SERIES.map((name) => [name, []]))};
    this.lanes = []; // names by the number that rows have
    this.order = []; // lane numbers as they are shown
    this.place = []; // where in `order` a lane is
    this.lane_numbers = new Map();
    this.came = 0; // when the last picture came, in ms of performance.now()
  }

  /** Takes a picture. One of another master replaces all that is known. */
  take(picture) {
    const old = this.picture;
    if (old && (old.pid !== picture.pid || old.started !== picture.started || picture.rows_end < this.rows.end))
      this.#clear();
    this.picture = picture;
    this.came = performance.now();
    this.#append(picture.series);
    this.#take_lanes(picture);
  }

  /** Seconds since the master was made, now. */
  now() {
    const {picture} = this;
    if (!picture) return 0;
    const is_moving = this.is_live && picture.state !== 'ended';
    return picture.now + (is_moving ? Math.min(5, (performance.now() - this.came) / 1000) : 0);
  }

  /** New points replace those that are known of the same time on: after a gap all of them come again. */
  #append(added) {
    if (!added || added.t.length === 0) return;
    const {series} = this;
    let kept = series.t.length;
    while (kept > 0 && series.t[kept - 1] >= added.t[0]) kept--;
    for (const name of ['t', ...SERIES]) {
      series[name].length = kept;
      for (const value of added[name] ?? added.t.map(() => 0)) series[name].push(value);
    }
    if (series.t.length <= MOST_POINTS) return;
    for (const name of ['t', ...SERIES])
      series[name] = series[name].filter((_, i) => i % 2 === 0 || i + 1 === series.t.length);
  }

  /** The lanes of rows, and workers that have none yet, in the order of their names: 2 before 10. */
  #take_lanes(picture) {
    let is_new = picture.lanes.length !== this.lanes.length;
    if (is_new) {
      this.lanes = picture.lanes;
      this.lane_numbers = new Map(this.lanes.map((name, number) => [name, number]));
    }
    const extra = picture.status.workers.map((worker) => worker.name).filter((name) => !this.lane_numbers.has(name));
    if (!is_new && extra.join('\n') === this.extra) return;
    this.extra = extra.join('\n');
    this.names = [...this.lanes, ...extra];
    const {compare} = new Intl.Collator('en', {numeric: true});
    this.order = this.names.map((_, number) => number).sort((a, b) => compare(this.names[a], this.names[b]));
    this.place = [];
    this.order.forEach((lane, place) => {
      this.place[lane] = place;
    });
  }

  lane_name(lane) {
    return this.names?.[lane] ?? `lane ${lane}`;
  }

  function_name(number) {
    return this.picture.functions[number] ?? `function ${number}`;
  }

  /** What workers run now: {id, name, worker, seconds}, by lane name. */
  running() {
    return this.picture.status.workers.flatMap((worker) =>
      worker.running.map((task) => ({...task, worker: worker.name})),
    );
  }

  /** Tasks a second between points, smoothed over about a fortieth of the time. */
  rates() {
    const {t, finished, errors, cancelled} = this.series;
    const window = t.length > 1 ? Math.max((t[t.length - 1] - t[0]) / 40, 1) : 1;
    const ended = t.map((_, i) => finished[i] + errors[i] + cancelled[i]);
    let from = 0;
    return t.map((time, i) => {
      while (from < i - 1 && t[from + 1] <= time - window) from++;
      return i === 0 || time === t[from] ? 0 : Math.max(0, (ended[i] - ended[from]) / (time - t[from]));
    });
  }
}

/** The facts of a report, which is this page with its data in it; null: there are none, and a master is asked. */
function embedded_data() {
  const data = by_id('data');
  if (!data) return null;
  return {picture: JSON.parse(data.textContent), rows: decoded_rows(by_id('rows')?.textContent ?? '')};
}

/** Base64 of one answer of GET /rows after the other, each by itself, white space between them. */
function decoded_rows(text) {
  const parts = text.split(/\s+/).filter(Boolean);
  return parts.map((part) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(part).buffer;
    const binary = atob(part);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes.buffer;
  });
}
