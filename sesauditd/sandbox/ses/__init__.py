"""Amazon SES as the sandbox plays it: state, botocore's shapes, the operations of v1 and v2."""
