// A table that is brought up to date: cells whose text has not changed are left alone, so that a selection stays, and a
// thousand rows cost little.

class Table {
  /** columns: {name, cell(item) → text, or fill(cell, item), is_number, is_minor}; key(item): what tells rows apart. */
  constructor(id, columns, key, empty, few = 25) {
    this.box = by_id(id);
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.few = this.limit = few;
    this.body = element('tbody');
    const head = element(
      'tr',
      {},
      ...columns.map((column) => element('th', {scope: 'col', class: column_class(column)}, column.name)),
    );
    this.table = element(
      'table',
      {},
      element('caption', {class: 'unseen'}, this.box.dataset.name),
      element('thead', {}, head),
      this.body,
    );
    this.empty = element('p', {class: 'quiet'}, empty);
    this.more = element('button', {type: 'button', class: 'plain'});
    this.more.addEventListener('click', () => {
      this.limit = this.limit === this.few ? Infinity : this.few;
      this.update(this.items);
    });
    this.scroller = element(
      'div',
      {class: 'scroller', role: 'region', 'aria-label': this.box.dataset.name},
      this.table,
    );
    this.box.append(this.scroller, this.empty, this.more);
  }

  update(items) {
    this.items = items;
    show(this.scroller, items.length > 0);
    show(this.empty, items.length === 0);
    show(this.more, items.length > this.few);
    set_text(
      this.more,
      this.limit === this.few ? `Show all ${count_text(items.length)}` : `Show the first ${this.few}`,
    );
    const shown = items.slice(0, this.limit);
    const keys = new Set(shown.map(this.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.line.remove();
      this.rows.delete(key);
    }
    shown.forEach((item, i) => this.#place(item, i));
    this.#let_keys_scroll();
  }

  /** A table that is wider than its place can be scrolled with keys, too; others need not be stopped at. */
  #let_keys_scroll() {
    const is_wide = this.scroller.scrollWidth > this.scroller.clientWidth;
    if (is_wide) this.scroller.tabIndex = 0;
    else this.scroller.removeAttribute('tabindex');
  }

  #place(item, i) {
    const key = this.key(item);
    let row = this.rows.get(key);
    if (!row) {
      row = {line: element('tr'), cells: this.columns.map((column) => element('td', {class: column_class(column)}))};
      row.line.append(...row.cells);
      this.rows.set(key, row);
    }
    this.columns.forEach((column, c) =>
      column.fill ? column.fill(row.cells[c], item) : set_text(row.cells[c], column.cell(item)),
    );
    if (this.body.children[i] !== row.line) this.body.insertBefore(row.line, this.body.children[i] ?? null);
  }
}

function column_class(column) {
  return (
    [column.is_number && 'number', column.is_minor && 'minor', column.is_name && 'name'].filter(Boolean).join(' ') ||
    null
  );
}

/** A cell with a button in it, which is made once. */
function fill_button(cell, text, label, act) {
  if (!cell.firstChild) {
    const button = element('button', {type: 'button', class: 'small'}, text);
    button.addEventListener('click', () => button.act());
    cell.append(button);
  }
  cell.firstChild.act = act;
  cell.firstChild.setAttribute('aria-label', label);
}

/** A cell with a share as a number and as a bar. */
function fill_share(cell, share) {
  if (!cell.firstChild)
    cell.append(element('span'), element('span', {class: 'bar', 'aria-hidden': 'true'}, element('span')));
  set_text(cell.firstChild, share_text(share));
  cell.lastChild.firstChild.style.width = Number.isFinite(share) ? Math.min(100, share * 100) + '%' : '0';
}
