"""The delay desk: will a passenger's next flight out of New York be late?

Two hours before a scheduled departure the desk says how likely the flight is to
arrive more than 30 minutes late, or not at all, and whether to rebook.

Modules, in the order in which data meets them: `prepare` (tables and labels),
`features` (what is known two hours ahead), `train` (model and bundle), `evaluate`
(how good, at what cost), `serve` (the HTTP service), `monitor` (has the world moved).
"""

__version__ = "1.0.0"
