// Prints many lines in pieces that end in the middle of lines, on both streams.
const rank = process.env["TSMPI_RANK"];
const lines = Number(process.argv[2]);
let text = "";
for (let i = 0; i < lines; i++) text += `rank ${rank} line ${i} ${"=".repeat(60)} end\n`;
for (let start = 0; start < text.length; start += 1000) process.stdout.write(text.slice(start, start + 1000));
console.error(`rank ${rank} done`);
process.stdout.write("last words without an end");
