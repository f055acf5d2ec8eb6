// A CommonJS program with the usual test for being the main one.
const { name } = require("./parts/legacy.cjs");
if (require.main === module) console.log(`main with ${name}`);
