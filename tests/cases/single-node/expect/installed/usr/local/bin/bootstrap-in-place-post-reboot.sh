#!/bin/bash
signal_bootstrap_complete
