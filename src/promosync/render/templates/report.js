'use strict';
// Sorts, filters and unfolds what is in the page; without this script every row can still be read.
(() => {
  const make = (tag, settings, ...children) => {
    const made = Object.assign(document.createElement(tag), settings);
    made.append(...children);
    return made;
  };
  const read = cell => cell.dataset.order ?? cell.textContent.trim();
  const words = (a, b) => a.localeCompare(b, 'en', {numeric: true});
  const figures = (a, b, sign) => {
    const [one, other] = [a, b].map(text => parseFloat(text.replaceAll(',', '')));
    // A cell that is not a number comes last in both directions.
    if (isNaN(one) || isNaN(other)) return isNaN(one) - isNaN(other);
    return one === other ? 0 : sign * (one - other);
  };

  const sortable = (table, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    const unit = heads.findIndex(head => head.classList.contains('unit'));
    heads.forEach((head, at) => {
      const button = make('button', {type: 'button'}, ...head.childNodes);
      const [number, money] = [head.classList.contains('number'), unit >= 0 && at > unit];
      button.addEventListener('click', () => {
        const sorted = head.getAttribute('aria-sort');
        const sign = (sorted ? sorted === 'descending' : !number) ? 1 : -1;
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
        const order = (a, b) => {
          const [one, other] = [read(a.cells[at]), read(b.cells[at])];
          // Amounts of different currencies are not compared.
          return (money && words(read(a.cells[unit]), read(b.cells[unit])))
            || (number ? figures(one, other, sign) : sign * words(one, other));
        };
        table.tBodies[0].append(...[...rows].sort(order));
      });
      head.append(button);
    });
    table.classList.add('sorts');
  };

  const filterable = (table, rows) => {
    const [field, told] = [make('input', {type: 'search', autocomplete: 'off'}), make('output')];
    const texts = rows.map(row => row.textContent.toLowerCase());
    field.addEventListener('input', () => {
      const wanted = field.value.toLowerCase().split(/\s+/);
      rows.forEach((row, at) => { row.hidden = !wanted.every(word => texts[at].includes(word)); });
      const shown = rows.filter(row => !row.hidden).length;
      told.textContent = shown === rows.length ? '' : `${shown} of ${rows.length} rows`;
    });
    table.parentElement.before(make('p', {className: 'filter'}, make('label', {}, 'Filter these rows ', field), told));
  };

  for (const table of document.querySelectorAll('table')) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length > 1) sortable(table, rows);
    if (rows.length > 5) filterable(table, rows);
  }

  const unfold = id => { document.getElementById(id)?.closest('details')?.setAttribute('open', ''); };
  for (const link of document.querySelectorAll('nav a')) link.addEventListener('click', () => unfold(link.hash.slice(1)));
  unfold(location.hash.slice(1));

  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const one of folded) one.open = true;
  });
  addEventListener('afterprint', () => { for (const one of folded) one.open = false; });
})();
