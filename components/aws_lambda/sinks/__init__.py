"""Log sinks on AWS Lambda: subscription filters, Firehose streams, the shipper and the bucket."""
