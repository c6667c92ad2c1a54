const axios = require('axios')
const { default: ky } = require('ky')
const { threeHosts } = require('./three-hosts.cjs')

threeHosts({
  axios,
  ky,
  ...require('@countersign/axios-interceptor'),
  ...require('@countersign/core'),
  ...require('@countersign/core/fetch'),
  ...require('@countersign/ky-hook'),
  ...require('@countersign/testing'),
}).then((seen) => console.log(JSON.stringify(seen)))
