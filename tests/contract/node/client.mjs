// The JavaScript SDK at the other end of a pipe. Each line that comes in is {operation, parameters}; each line that goes out is
// {answer}, or {code, message, modelled}: what was raised, and whether as the class that the SDK has for it.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as sdk from "@aws-sdk/client-rekognition";

const client = new sdk.RekognitionClient({});

// Bytes are named by their file.
const revived = (_name, value) => (value?.file ? readFileSync(value.file) : value);

// Times as seconds since 1970. Dates have a toJSON, so the replacer is given them as texts already.
function replaced(name, value) {
  return this[name] instanceof Date ? this[name].getTime() / 1000 : value;
}

async function answered(operation, parameters) {
  try {
    const { $metadata, ...answer } = await client.send(new sdk[`${operation}Command`](parameters));
    return { answer };
  } catch (error) {
    const { name: code, message } = error;
    return { code, message, modelled: code in sdk && error instanceof sdk[code] };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { operation, parameters } = JSON.parse(line, revived);
  console.log(JSON.stringify(await answered(operation, parameters), replaced));
}
