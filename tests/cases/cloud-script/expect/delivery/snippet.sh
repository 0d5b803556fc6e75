#!/bin/bash
# Boots web1 on Google Compute Engine. Fill in what is asked for as variables, and add what your machines have besides.
set -euo pipefail
cd "$(dirname "$0")"

gcloud compute instances create web1 \
  --zone "${ZONE:?the zone, as in europe-west3-a}" \
  --image-project rocky-linux-cloud --image-family rocky-linux-9 \
  --metadata-from-file startup-script=startup-script
# Written by cotter.
