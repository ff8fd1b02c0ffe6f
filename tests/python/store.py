"""Stores and reads an object as an application does, by what its Secret says and nothing else: store.py BUCKET."""

import os

import boto3

# boto3 reads all else from AWS's variables.
client = boto3.client("s3")
bucket = os.environ["BUCKET"]
client.put_object(Bucket=bucket, Key="greeting", Body=b"hello")
assert client.get_object(Bucket=bucket, Key="greeting")["Body"].read() == b"hello"
client.delete_object(Bucket=bucket, Key="greeting")
for version in client.list_object_versions(Bucket=bucket).get("Versions", []):
    client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
for marker in client.list_object_versions(Bucket=bucket).get("DeleteMarkers", []):
    client.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])
print(f"stored in {bucket}")
