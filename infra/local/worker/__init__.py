"""What wakes the library up behind its API: queues, streams and schedules, as the app itself declares them.

triggers    reads from the Chalice app what wakes which handler
queues      SQS, as an event source mapping polls it
streams     DynamoDB Streams, in order and at least once
schedules   rate(…) and cron(…), with what was missed while the machine was off
"""
