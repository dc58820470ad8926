"""Looks for jobs. It is told how far it is, so that a person can watch."""

import time


def find(user_id, keywords, limit=3, tell=lambda done, total: None):
    jobs = []
    for done, keyword in enumerate(keywords[:limit], start=1):
        time.sleep(0.1)  # it is hard work
        jobs.append(f"{keyword} developer")
        tell(done, len(keywords[:limit]))
    return {"user": user_id, "jobs": jobs}
