"""Scraping."""

import re
import urllib.request

from app.celery import app


@app.task(autoretry_for=(OSError,), retry_backoff=True, max_retries=3)
def scrape_page(url):
    with urllib.request.urlopen(url, timeout=30) as page:
        text = page.read().decode("utf-8", "replace")
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    return {"url": url, "title": title.group(1).strip() if title else ""}
