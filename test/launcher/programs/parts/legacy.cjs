const path = require("node:path");
module.exports = { name: path.basename(__filename) };
