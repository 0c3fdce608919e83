"""The commands of `casehouse`, a module a topic.

Here: what a person types and sees. Never here: a rule; each command calls the stages, a room or the runner.
"""
