"""A rehearsal of the deployment: `python -m infra.rehearse`, which `make rehearse` calls.

    package   as for AWS, for the Python that is here
    lint      the template against the schemas CloudFormation checks it with
    deploy    through CloudFormation, to the embedded cloud; twice, as the first deployment to AWS does
    scenes    what people and schedules do, at the deployed addresses: real functions, each with its own role

What the embedded cloud does not do is named at the end.
"""
