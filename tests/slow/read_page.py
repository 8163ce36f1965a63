"""Read a dumped page and evaluate an expression on it: read_page.py DOM.html EXPRESSION."""
import html.parser
import re
import sys


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root, self.charts, self.tables = {}, [], []
        self.chart_depth = 0
        self.cell = None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "html":
            self.root = values
        if tag == "div" and (self.chart_depth or values.get("class") == "chart"):
            if not self.chart_depth:
                self.charts.append({"state": values.get("data-state"), "label": values.get("aria-label"), "shapes": 0, "texts": 0})
            self.chart_depth += 1
        if self.chart_depth and tag in ("path", "circle", "polygon", "rect"):
            self.charts[-1]["shapes"] += 1
        if self.chart_depth and tag == "text":
            self.charts[-1]["texts"] += 1
        if tag == "table":
            self.tables.append({"headings": [], "sort": [], "rows": []})
        if tag == "tr" and self.tables:
            self.tables[-1]["rows"].append({"hidden": "hidden" in values, "cells": []})
        if tag in ("th", "td") and self.tables:
            self.cell = [values, ""]

    def handle_endtag(self, tag):
        if tag == "div" and self.chart_depth:
            self.chart_depth -= 1
        if tag in ("th", "td") and self.cell:
            values, text = self.cell
            table = self.tables[-1]
            if values.get("scope") == "col":
                table["headings"].append(text)
                table["sort"].append(values.get("aria-sort"))
            else:
                table["rows"][-1]["cells"].append((text, values.get("data-v")))
            self.cell = None
        if tag == "thead" and self.tables:
            self.tables[-1]["rows"].clear()

    def handle_data(self, data):
        if self.cell:
            self.cell[1] += data


def numbers(table, column):
    """The numbers of a column of the lines in order; None for a cell that holds none."""
    found = []
    for row in table["rows"]:
        text, exact = row["cells"][column]
        try:
            found.append(float(exact if exact is not None else text))
        except ValueError:
            found.append(None)
    return found


def is_sorted(values, descending=False):
    """Numbers in order, and every None behind them."""
    present = [value for value in values if value is not None]
    return present == sorted(present, reverse=descending) and values == present + [None] * (len(values) - len(present))


def natural(text):
    """Orders resnet50 before resnet101."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]


page = Reader()
page.feed(open(sys.argv[1], encoding="utf-8").read())
if not eval(sys.argv[2], {"page": page, "numbers": numbers, "is_sorted": is_sorted, "natural": natural}):
    sys.exit(f"not true: {sys.argv[2]}\n{page.root}\n{page.charts}\n{[(t['headings'], t['sort'], len(t['rows'])) for t in page.tables]}")
