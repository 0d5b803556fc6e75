#!/bin/bash
# Boots node1 on Google Compute Engine. Fill in what is asked for as variables, and add what your machines have besides.
set -euo pipefail
cd "$(dirname "$0")"

gcloud compute instances create node1 \
  --zone "${ZONE:?the zone, as in europe-west3-a}" \
  --image-project my-project --image-family golden \
  --metadata-from-file user-data=user-data,startup-script=startup-script
# Written by cotter.
