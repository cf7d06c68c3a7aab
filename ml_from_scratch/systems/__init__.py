"""Small systems that a page builds before it shows the real tool.

`loadtest` sends requests at a stated rate and says how long they took; `queueing`
simulates the queue in front of a service.
"""
