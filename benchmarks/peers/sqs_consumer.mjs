// The BBC's sqs-consumer: eight pollers, batches of ten, better-sqlite3, flushed at each commit.
//
//   node sqs_consumer.mjs ENDPOINT DATABASE
import { randomUUID } from "node:crypto";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import Database from "better-sqlite3";
import { Consumer } from "sqs-consumer";

const [endpoint, file] = process.argv.slice(2);
const database = new Database(file);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec(
  "CREATE TABLE events (id TEXT PRIMARY KEY, kind TEXT, at TEXT, source TEXT, recipients TEXT)",
);
const insert = database.prepare("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)");
const store = database.transaction((rows) => rows.forEach((row) => insert.run(...row)));

const row = (message) => {
  const event = JSON.parse(JSON.parse(message.Body).Message);
  const kind = event.eventType ?? event.notificationType;
  const { timestamp, source, destination } = event.mail;
  return [message.MessageId, kind, timestamp, source, destination.join(",")];
};

const region = "eu-west-1";
// The stub's MD5OfBody is none: this peer is spared the check.
const sqs = new SQSClient({ region, endpoint, md5: false });
const s3 = new S3Client({ region, endpoint, forcePathStyle: true });

for (let poller = 0; poller < 8; poller += 1) {
  Consumer.create({
    queueUrl: `${endpoint}/111122223333/feedback`,
    sqs,
    batchSize: 10,
    waitTimeSeconds: 20,
    handleMessageBatch: async (messages) => {
      const Body = messages.map((message) => message.Body).join("\n");
      await s3.send(new PutObjectCommand({ Bucket: "archive", Key: `raw/${randomUUID()}`, Body }));
      store(messages.map(row));
      return messages;
    },
  })
    .on("error", (error) => console.error(error))
    .on("processing_error", (error) => console.error(error))
    .start();
}
