/** An NG socket in memory, for tests: it keeps what was sent, and answers what the test tells it to. */
import { decodeBencode, encodeBencode, isDictionary } from './bencode.ts';
import type { BencodeDictionary } from './bencode.ts';
import type { NgSocket, NgSocketUser, OpenNgSocket } from './ng-socket.ts';

export interface SentCommand {
  readonly cookie: string;
  readonly verb: string;
  readonly command: BencodeDictionary;
  readonly datagram: string;
}

export class FakeNgSocket implements NgSocket {
  /** Repeats included. */
  readonly sent: SentCommand[] = [];
  isClosed = false;
  /** The answer to each datagram, at once; undefined is silence. */
  answers: (command: BencodeDictionary) => BencodeDictionary | undefined = () => undefined;
  #user: NgSocketUser | undefined;

  readonly open: OpenNgSocket = (user) => {
    this.#user = user;
    return this;
  };

  send(datagram: Buffer): void {
    const text = datagram.toString('latin1');
    const space = text.indexOf(' ');
    const decoded = decodeBencode(text.slice(space + 1));
    const command = isDictionary(decoded) ? decoded : {};
    const sent = {
      cookie: text.slice(0, space),
      verb: typeof command['command'] === 'string' ? command['command'] : '',
      command,
      datagram: text,
    };
    this.sent.push(sent);
    const answer = this.answers(command);
    if (answer !== undefined) queueMicrotask(() => this.answer(sent, answer));
  }

  answer(to: SentCommand, answer: BencodeDictionary): void {
    this.receive(`${to.cookie} ${encodeBencode(answer)}`);
  }

  receive(text: string): void {
    this.#user?.onDatagram(text);
  }

  fail(error: Error): void {
    this.#user?.onError(error);
  }

  close(): void {
    this.isClosed = true;
  }

  /** What was sent with this verb. */
  of(verb: string): SentCommand[] {
    return this.sent.filter((sent) => sent.verb === verb);
  }
}
