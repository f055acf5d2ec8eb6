// Rank 0 prints what it reads, every rank how much that was.
let text = "";
for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
console.log(`${process.env["TSMPI_RANK"]}: ${text.length} ${text.slice(0, 5) || "-"}`);
