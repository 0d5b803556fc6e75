#!/bin/bash
# Boots app1 on Amazon EC2. Fill in what is asked for as variables, and add what your machines have besides.
set -euo pipefail
cd "$(dirname "$0")"

aws ec2 run-instances \
  --image-id "${IMAGE_ID:?the AMI, as in ami-0123456789abcdef0}" \
  --instance-type "${INSTANCE_TYPE:-t3.small}" \
  --tag-specifications 'ResourceType=instance,Tags=[{Key=Name,Value=app1}]' \
  --user-data fileb://user-data
# Written by cotter.
