"""What is trained and measured: experiments, each one object in a folder of its own, and what they share.

Nothing here knows how runs are scheduled, judged or shown.
"""
