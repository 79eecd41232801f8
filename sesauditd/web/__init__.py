"""The dashboard: pages to look at, health and metrics to scrape; nothing here changes anything."""
