/** What `chaos init` writes: a whole experiment with a word on each part. It validates as it is. */
export const starterExperiment = `# yaml-language-server: $schema=./node_modules/chaos-judge/schema/experiment.schema.json
version: 1
title: The shop survives a slow inventory
description: When inventory answers slowly, the shop gives up in time, and is back to normal soon after.
tags: [shop]

# Values to set from outside: chaos run --var shop=http://127.0.0.1:4000
vars:
  shop: http://127.0.0.1:3000
  inventory: http://127.0.0.1:3001

# A dependency edge. Point your service at the proxy in place of the dependency:
# faults are injected here, and every call is witnessed.
proxies:
  inventory:
    upstream: "\${vars.inventory}"
    listen: 127.0.0.1:3101

# chaos can start your service too, on a free port, and always stops it:
# services:
#   shop:
#     command: [node, server.js]
#     port: auto                                          # given as PORT
#     env: { INVENTORY_URL: "\${proxies.inventory.url}" }
#     ready: { http: "\${services.shop.url}/health", within: 10s }

# What users do, again and again at a fixed pace, and which answers are good.
probes:
  browse:
    type: http
    url: "\${vars.shop}/products"
    timeout: 5s
    load: 20/s
    expect: { status: 200 }
    degraded: { status: 203 }                             # acceptable while the fault lasts

# How things are when all is well: before the fault (else nothing is injected), and again after it.
steadyState:
  - probe: browse
    success: ">= 99%"
    p95: "<= 300ms"
    settle: 8s                                            # time to recover before it is judged again

phases: { warmup: 2s, before: 10s, during: 20s, after: 20s }

# chaos list faults
faults:
  - name: slow-inventory
    proxy: inventory
    type: latency
    delay: 3s
    # match: { method: GET, path: /stock/* }
    # rate: 50%

# What you believe your service does about it. chaos list hypotheses
hypotheses:
  - { type: timeout, proxy: inventory, givesUp: "<= 1s" }
  - { type: recovery, probe: browse, within: 8s }

# Stop at once when it gets worse than this.
guards:
  - { probe: browse, available: ">= 10%", over: 5s }
maxDuration: 2m
`;
