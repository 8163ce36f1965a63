// The page's own behaviour: charts drawn when they come near, tables that sort and filter. No library, no request.
(function () {
  'use strict';
  var root = document.documentElement;
  var narrowest = 0.6; // a chart shrinks with the page this far, then it scrolls

  // What goes wrong is kept where a reader and a test can see it.
  function fail(text) {
    root.setAttribute('data-errors', (root.getAttribute('data-errors') || '') + text + '\n');
  }
  window.addEventListener('error', function (event) {
    fail(String(event.message));
  });

  // ---- charts ----

  var charts = Array.prototype.slice.call(document.querySelectorAll('.chart'));
  var drawn = 0;

  function fit(box) {
    var canvas = box.firstElementChild;
    if (!canvas) return;
    var width = Number(box.dataset.width);
    var height = Number(box.dataset.height);
    var scale = Math.min(1, Math.max(narrowest, box.clientWidth / width));
    canvas.style.transform = scale < 1 ? 'scale(' + scale + ')' : '';
    box.style.aspectRatio = 'auto';
    box.style.height = Math.ceil(height * scale) + (box.clientWidth < width * scale - 1 ? 16 : 0) + 'px';
  }

  function draw(box) {
    if (box.dataset.state) return;
    box.dataset.state = 'drawing';
    try {
      var data = JSON.parse(box.parentNode.querySelector('.chart-data').textContent);
      var canvas = document.createElement('div');
      canvas.style.width = box.dataset.width + 'px';
      canvas.style.height = box.dataset.height + 'px';
      box.appendChild(canvas);
      fit(box);
      var chart = echarts.init(canvas, null, { renderer: 'svg', width: Number(box.dataset.width), height: Number(box.dataset.height) });
      chart.setOption(inferometerOption(data, true));
      inferometerKeepTicks(chart, data);
      box.dataset.state = 'drawn';
      drawn += 1;
      root.setAttribute('data-drawn', drawn);
    } catch (error) {
      box.dataset.state = 'failed';
      box.textContent = 'This chart could not be drawn here; its files below show it.';
      fail(box.getAttribute('aria-label') + ': ' + error);
    }
  }

  function drawAll() {
    charts.forEach(draw);
  }

  root.setAttribute('data-charts', charts.length);
  if ('IntersectionObserver' in window) {
    var observer = new IntersectionObserver(
      function (entries) {
        entries.forEach(function (entry) {
          if (!entry.isIntersecting) return;
          observer.unobserve(entry.target);
          draw(entry.target);
        });
      },
      { rootMargin: '800px' }
    );
    charts.forEach(function (box) {
      observer.observe(box);
    });
  } else {
    drawAll();
  }
  window.addEventListener('resize', function () {
    charts.forEach(fit);
  });
  window.addEventListener('beforeprint', function () {
    drawAll();
    Array.prototype.forEach.call(document.querySelectorAll('.background details'), function (each) {
      each.open = true;
    });
  });

  // ---- tables ----

  // Numbers come first, then text, then what is empty; the direction turns only what is inside a kind.
  function keyOf(cell) {
    var text = cell.textContent.trim();
    var number = cell.dataset.v === undefined ? text : cell.dataset.v;
    if (text === '') return { kind: 2 };
    return number !== '' && isFinite(Number(number)) ? { kind: 0, value: Number(number) } : { kind: 1, value: text };
  }

  function compare(a, b, direction) {
    if (a.key.kind !== b.key.kind) return a.key.kind - b.key.kind;
    var order = 0;
    if (a.key.kind === 0) order = a.key.value - b.key.value;
    if (a.key.kind === 1) order = a.key.value.localeCompare(b.key.value, 'en', { numeric: true });
    return order * direction || a.at - b.at;
  }

  function sortTable(table, original, heading, column) {
    var next = { none: 'ascending', ascending: 'descending', descending: 'none' }[heading.getAttribute('aria-sort')];
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (each) {
      each.setAttribute('aria-sort', 'none');
    });
    heading.setAttribute('aria-sort', next);
    var rows = original.map(function (row, at) {
      return { row: row, at: at, key: keyOf(row.cells[column]) };
    });
    if (next !== 'none') {
      rows.sort(function (a, b) {
        return compare(a, b, next === 'ascending' ? 1 : -1);
      });
    }
    var body = document.createDocumentFragment();
    rows.forEach(function (each) {
      body.appendChild(each.row);
    });
    table.tBodies[0].appendChild(body);
  }

  function addSorting(table, rows) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
      var button = document.createElement('button');
      button.type = 'button';
      button.textContent = heading.textContent;
      button.title = 'Sort by this column';
      heading.textContent = '';
      heading.appendChild(button);
      heading.setAttribute('aria-sort', 'none');
      button.addEventListener('click', function () {
        sortTable(table, rows, heading, column);
      });
    });
  }

  function addFilter(box, table, rows) {
    var tools = document.createElement('div');
    var input = document.createElement('input');
    var count = document.createElement('output');
    tools.className = 'tools';
    input.type = 'search';
    input.placeholder = 'Filter lines';
    input.setAttribute('aria-label', 'Filter the lines of ' + box.getAttribute('aria-label'));
    tools.appendChild(input);
    tools.appendChild(count);
    box.parentNode.insertBefore(tools, box);
    var texts = rows.map(function (row) {
      return Array.prototype.map.call(row.cells, function (cell) { return cell.textContent; }).join(' ').toLowerCase();
    });
    input.addEventListener('input', function () {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0;
      rows.forEach(function (row, at) {
        row.hidden = !words.every(function (word) {
          return texts[at].indexOf(word) >= 0;
        });
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = words.length ? shown + ' of ' + rows.length + ' lines' : '';
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll('.table-box'), function (box) {
    var table = box.querySelector('table');
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    if (rows.length > 1) addSorting(table, rows);
    if (rows.length > 12) addFilter(box, table, rows);
  });

  // Beside the text the contents are always open; above it they would push it down.
  if (window.matchMedia('(max-width: 72rem)').matches) document.querySelector('.contents details').open = false;
})();
