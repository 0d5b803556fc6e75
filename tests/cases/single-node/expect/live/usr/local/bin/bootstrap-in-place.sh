#!/bin/bash
# left out of this case
