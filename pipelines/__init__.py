"""Dagster and the command line: when the rooms are called, in which order, and what a person sees of it.

Here: assets, checks, sensors, schedules, the commands. Never here: a rule about cases, or a value in metadata or logs.
"""
