"""What bounds the rest: one kind of bounded table, budgets of octets, values that wait.

Nothing of the house is imported here. Every bound counts how often it was hit, and the report says so.
"""
