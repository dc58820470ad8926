"""An application with agents, briefings and scraping, as many have it with Celery."""
