"""From one source of an exercise: the starter, the judge, and the proof that both work.

`model` reads a source into questions and items, `strip` and `starter` write what a
learner opens, `evidence` carries plain data out of a learner's process, `judge` marks
it in another one, `engine` runs cells for papermill, `proofs` shows that it all holds.
"""
