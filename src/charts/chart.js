// Turn a drawing, as chart_json() writes it, into an ECharts option. ES5, for browsers and for Duktape alike.
//   inferometerOption(drawing)                  what stands still
//   inferometerOption(drawing, true)            with tooltips, zoom and a legend that hides series
//   inferometerKeepTicks(instance, drawing)     after setOption(): new ticks when a reader has zoomed
//
// All layout is settled in the drawing. Coordinates of axes are plain numbers: logarithms on log axes, indices on axes of categories.
// An item stands at (x, y) of its panel; its shapes are in pixels from there, but for `path`, `span` and `bar`, which are in coordinates.
var inferometerOption = (function () {
  'use strict';
  var family = "'DejaVu Sans', Verdana, sans-serif";
  // Corners of marks round the origin, for a radius of 1; a circle of the same area has a radius of 1 too, roughly.
  var corners = {
    square: [[-0.89, -0.89], [0.89, -0.89], [0.89, 0.89], [-0.89, 0.89]],
    triangle: [[0, -1.2], [1.12, 0.75], [-1.12, 0.75]],
    inverted_triangle: [[0, 1.2], [-1.12, -0.75], [1.12, -0.75]],
    diamond: [[0, -1.26], [1.26, 0], [0, 1.26], [-1.26, 0]],
    plus: [[-0.38, -1.15], [0.38, -1.15], [0.38, -0.38], [1.15, -0.38], [1.15, 0.38], [0.38, 0.38], [0.38, 1.15], [-0.38, 1.15],
      [-0.38, 0.38], [-1.15, 0.38], [-1.15, -0.38], [-0.38, -0.38]],
    cross: [[-1.08, -0.54], [-0.54, -1.08], [0, -0.54], [0.54, -1.08], [1.08, -0.54], [0.54, 0], [1.08, 0.54], [0.54, 1.08],
      [0, 0.54], [-0.54, 1.08], [-1.08, 0.54], [-0.54, 0]],
    star: (function () {
      var points = [];
      for (var i = 0; i < 10; ++i) {
        var radius = i % 2 ? 0.62 : 1.35, angle = -Math.PI / 2 + i * Math.PI / 5;
        points.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
      }
      return points;
    })()
  };

  function styleOf(shape) {
    var style = { fill: shape.fill || 'none', stroke: shape.stroke || 'none', lineWidth: shape.stroke ? shape.width || 1 : 0 };
    if (shape.opacity !== undefined) style.opacity = shape.opacity;
    if (shape.dash) style.lineDash = shape.dash;
    return style;
  }

  function textOf(shape, x, y) {
    var text = {
      type: 'text', x: x + (shape.dx || 0), y: y + (shape.dy || 0), rotation: (shape.rotate || 0) * Math.PI / 180,
      style: {
        text: shape.text, fill: shape.color || '#222', align: shape.align || 'left', verticalAlign: 'middle',
        font: (shape.bold ? 'bold ' : '') + (shape.size || 12) + 'px ' + family
      }
    };
    if (shape.halo) {
      text.style.stroke = 'rgba(255,255,255,0.7)';
      text.style.lineWidth = 2.5;
    }
    return text;
  }

  // A mark may be one name or, for speed in the legend of sizes, moved by dx and dy.
  function markOf(shape, x, y) {
    x += shape.dx || 0;
    y += shape.dy || 0;
    if (shape.mark === 'circle') return { type: 'circle', shape: { cx: x, cy: y, r: shape.r }, style: styleOf(shape) };
    var points = corners[shape.mark].map(function (corner) { return [x + corner[0] * shape.r, y + corner[1] * shape.r]; });
    return { type: 'polygon', shape: { points: points }, style: styleOf(shape) };
  }

  function barOf(shape, place) {
    var from = place(shape.bar[0], shape.bar[1]), to = place(shape.bar[2], shape.bar[3]), cap = shape.cap || 0;
    var dx = from[0] === to[0] ? cap : 0, dy = from[0] === to[0] ? 0 : cap;
    var data = 'M' + from + 'L' + to;
    if (cap) {
      data += 'M' + [from[0] - dx, from[1] - dy] + 'L' + [from[0] + dx, from[1] + dy];
      data += 'M' + [to[0] - dx, to[1] - dy] + 'L' + [to[0] + dx, to[1] + dy];
    }
    return { type: 'path', shape: { d: data }, style: styleOf(shape) };
  }

  function elementOf(shape, x, y, place) {
    if (shape.mark) return markOf(shape, x, y);
    if (shape.text !== undefined) return textOf(shape, x, y);
    if (shape.line) {
      var line = shape.line;
      return { type: 'line', shape: { x1: x + line[0], y1: y + line[1], x2: x + line[2], y2: y + line[3] }, style: styleOf(shape) };
    }
    if (shape.rect) {
      var rect = shape.rect;
      return { type: 'rect', shape: { x: x + rect[0], y: y + rect[1], width: rect[2], height: rect[3] }, style: styleOf(shape) };
    }
    if (shape.span) {
      var a = place(shape.span[0], shape.span[1]), b = place(shape.span[2], shape.span[3]);
      return {
        type: 'rect', style: styleOf(shape),
        shape: { x: Math.min(a[0], b[0]), y: Math.min(a[1], b[1]), width: Math.abs(b[0] - a[0]), height: Math.abs(b[1] - a[1]) }
      };
    }
    if (shape.bar) return barOf(shape, place);
    var points = shape.path.map(function (point) { return place(point[0], point[1]); });
    return { type: shape.closed ? 'polygon' : 'polyline', shape: { points: points }, style: styleOf(shape) };
  }

  // The label of a place that is no tick of the drawing: the reader has zoomed.
  function number(value) {
    var text = Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(2) : String(+value.toPrecision(4));
    return text.replace('-', '\u2212');
  }

  function axisOf(axis, index, interactive) {
    var labels = {}, at = [];
    axis.ticks.forEach(function (tick) { at.push(tick[0]); labels[tick[0]] = tick[1]; });
    return {
      type: 'value', gridIndex: index, min: axis.low, max: axis.high, position: axis.side, inverse: axis.inverse === true, silent: true,
      name: axis.title, nameLocation: 'middle', nameGap: axis.gap, nameMoveOverlap: false, nameRotate: axis.name_rotate,
      nameTextStyle: { color: '#222', fontSize: 12 },
      axisLine: { show: true, onZero: false, lineStyle: { color: '#555' } },
      axisTick: { show: axis.scale !== 'category', length: 4, lineStyle: { color: '#555' }, customValues: at },
      splitLine: { show: axis.grid === true, lineStyle: { color: '#e3e3e3' } },
      axisLabel: {
        color: '#222', fontSize: 12, margin: 7, rotate: axis.rotate || 0, customValues: at, hideOverlap: false,
        showMinLabel: true, showMaxLabel: true,
        formatter: function (value) {
          if (labels[value] !== undefined) return labels[value];
          if (axis.scale === 'category') return '';
          return number(axis.scale === 'log' ? Math.pow(10, value) : value);
        }
      }
    };
  }

  function seriesOf(series) {
    return {
      type: 'custom', name: series.name, coordinateSystem: 'cartesian2d', xAxisIndex: series.panel, yAxisIndex: series.y_axis, z: series.z,
      silent: series.silent === true, clip: series.clip === true, animation: false, itemStyle: { color: series.color },
      data: series.items.map(function (item) { return [item.x, item.y]; }),
      renderItem: function (params, api) {
        var item = series.items[params.dataIndex], anchor = api.coord([item.x, item.y]);
        function place(x, y) { return api.coord([x, y]); }
        return {
          type: 'group',
          children: item.shapes.map(function (shape) { return elementOf(shape, anchor[0], anchor[1], place); })
        };
      }
    };
  }

  // Drawn in a box of 20 by 11; dashes are cut into bars, since a legend fills its icons.
  var lines = {
    solid: [[0, 20]], dashed: [[0, 5], [7.5, 12.5], [15, 20]], dotted: [[0, 2], [4.5, 6.5], [9, 11], [13.5, 15.5], [18, 20]],
    published: [[0, 7], [9, 11], [13, 20]]
  };
  function iconOf(entry) {
    if (entry.area) return 'path://M0 0H20V11H0Z';
    var data = '', radius = 4.5;
    (lines[entry.line] || []).forEach(function (bar) { data += 'M' + bar[0] + ' 4.6H' + bar[1] + 'V6.4H' + bar[0] + 'Z'; });
    if (entry.mark === 'circle') {
      if (!data) return 'circle';
      data += 'M5.5 5.5A4.5 4.5 0 1 1 14.5 5.5A4.5 4.5 0 1 1 5.5 5.5Z';
    } else if (entry.mark) {
      data += 'M' + corners[entry.mark].map(function (corner) {
        return (10 + radius * corner[0]).toFixed(2) + ' ' + (5.5 + radius * corner[1]).toFixed(2);
      }).join('L') + 'Z';
    }
    return 'path://' + data;
  }

  // One for each line: ECharts heeds two breaks of ours at most, and would make its own of the others.
  function legendsOf(legend) {
    var lines = [[]];
    legend.entries.forEach(function (entry) {
      if (entry) lines[lines.length - 1].push(entry);
      else lines.push([]);
    });
    return lines.map(function (entries, index) { return legendOf(legend, entries, legend.top + index * legend.pitch); });
  }

  function legendOf(legend, entries, top) {
    return {
      left: legend.left, top: top, width: legend.width, orient: legend.orient, itemGap: legend.gap, itemWidth: 20, itemHeight: 11,
      padding: 0, align: 'left', selectedMode: true, symbolKeepAspect: true, textStyle: { color: '#222', fontSize: 12, lineHeight: 14 },
      data: entries.map(function (entry) {
        var style = { color: entry.fill, borderColor: entry.stroke || 'transparent', borderWidth: entry.stroke ? 1.2 : 0, opacity: entry.opacity };
        if (entry.dash) style.borderType = entry.dash;
        return { name: entry.name, icon: iconOf(entry), itemStyle: style };
      })
    };
  }

  function escaped(text) {
    return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\n/g, '<br>');
  }

  // What only a reader with a pointer needs.
  function addInteraction(option, drawing) {
    var yAxes = option.yAxis.map(function (_, index) { return index; });
    var xAxes = option.xAxis.map(function (_, index) { return index; });
    option.tooltip = {
      trigger: 'item', confine: true, textStyle: { fontFamily: family, fontSize: 12 },
      formatter: function (params) {
        var item = drawing.series[params.seriesIndex].items[params.dataIndex];
        return item && item.tip ? escaped(item.tip) : '';
      }
    };
    option.dataZoom = [
      { type: 'inside', xAxisIndex: xAxes, filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: 'shift' },
      { type: 'inside', yAxisIndex: yAxes, filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: 'shift' }
    ];
    option.toolbox = {
      right: 6, bottom: 2, padding: 0, itemSize: 11, itemGap: 7, showTitle: true,
      feature: { dataZoom: { filterMode: 'none', title: { zoom: 'zoom: draw a box', back: 'zoom back' } }, restore: { title: 'reset' } }
    };
    option.series.forEach(function (series) { series.clip = true; });
  }

  return function (drawing, interactive) {
    var option = {
      animation: false, backgroundColor: '#ffffff', textStyle: { fontFamily: family },
      grid: [], xAxis: [], yAxis: [], graphic: [], series: drawing.series.map(seriesOf)
    };
    drawing.panels.forEach(function (panel, index) {
      option.grid.push({
        left: panel.left, top: panel.top, width: panel.width, height: panel.height, outerBoundsMode: 'none',
        show: true, borderColor: '#999', borderWidth: 1, backgroundColor: panel.background || 'transparent'
      });
      option.xAxis.push(axisOf(panel.x, index, interactive));
      panel.y.forEach(function (axis) { option.yAxis.push(axisOf(axis, index, interactive)); });
    });
    option.graphic = drawing.fixed.map(function (shape) {
      var element = elementOf(shape, 0, 0, null);
      element.silent = true;
      element.z = shape.z === undefined ? 4 : shape.z;
      return element;
    });
    if (drawing.legend) option.legend = legendsOf(drawing.legend);
    if (interactive) addInteraction(option, drawing);
    return option;
  };
})();

var inferometerKeepTicks = (function () {
  'use strict';
  // As ticks.cpp chooses them for what stands still: 1, 2 or 5 times a power of ten.
  function linear(low, high, most) {
    var rough = (high - low) / most, power = Math.pow(10, Math.floor(Math.log(rough) / Math.LN10 + 1e-9)), step = 10 * power, found = [];
    [5, 2, 1].forEach(function (factor) { if (factor * power >= rough * (1 - 1e-9)) step = factor * power; });
    for (var i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); ++i) found.push(step < 1 ? i / Math.round(1 / step) : i * step);
    return found;
  }

  function logarithmic(low, high, most) {
    var found = [], exponent, at;
    if (high - low < 0.8) {
      linear(Math.pow(10, low), Math.pow(10, high), most).forEach(function (value) { if (value > 0) found.push(Math.log(value) / Math.LN10); });
      return found;
    }
    for (exponent = Math.floor(low); exponent <= high; ++exponent) {
      ((high - low) * 3 <= most * 1.5 ? [1, 2, 5] : [1]).forEach(function (factor) {
        at = exponent + Math.log(factor) / Math.LN10;
        if (at >= low && at <= high) found.push(at);
      });
    }
    return found;
  }

  return function (instance, drawing) {
    function axes(kind, described, room) {
      return described.map(function (axis, index) {
        var values = axis.ticks.map(function (tick) { return tick[0]; });
        var extent = instance.getModel().getComponent(kind, index).axis.scale.getExtent();
        var whole = Math.abs(extent[0] - axis.low) + Math.abs(extent[1] - axis.high) < 1e-9 * (axis.high - axis.low);
        if (!whole && axis.scale !== 'category') values = (axis.scale === 'log' ? logarithmic : linear)(extent[0], extent[1], room(index));
        return { axisLabel: { customValues: values }, axisTick: { customValues: values } };
      });
    }
    instance.on('datazoom', function () {
      var xs = drawing.panels.map(function (panel) { return panel.x; }), ys = [], heights = [];
      drawing.panels.forEach(function (panel) {
        panel.y.forEach(function (axis) { ys.push(axis); heights.push(panel.height); });
      });
      instance.setOption({
        xAxis: axes('xAxis', xs, function (index) { return drawing.panels[index].width / 66; }),
        yAxis: axes('yAxis', ys, function (index) { return heights[index] / 42; })
      });
    });
  };
})();
