"""Small systems that a page builds before it shows the real tool.

Data: `dag` runs tasks in the order of their needs; `point_in_time` joins what was
known at the time; `feature_store` serves that join for training and the newest values
online. Models: `registry` keeps versions, `releases` puts a new one in front of some
users, `federated` trains without collecting rows, `allreduce` adds up gradients.
Serving: `batching` answers many requests with one call, `cache` keeps answers,
`resilience` copes with a service that fails; `loadtest` sends requests at a stated rate
and says how long they took, `queueing` simulates the queue in front of a service.
"""
