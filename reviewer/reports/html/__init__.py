"""The report as one HTML page that needs nothing else: no network, no other file, and no script to show everything."""

from reviewer.reports.html.page import render_html

__all__ = ["render_html"]
