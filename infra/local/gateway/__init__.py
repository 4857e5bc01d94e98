"""What stands in front of the app in the cloud, as one WSGI application on one port.

/api/… /opds…    api       API Gateway: routing, authorizers, proxy events, its own refusals
/covers/…        covers    the bucket's one public folder, as CloudFront serves it
/_local/objects/ objects   S3, at the addresses the library signs
/_local/mail     mailbox   what was mailed (on a local run only)
everything else  site      the web app, as S3 and CloudFront serve it
"""
