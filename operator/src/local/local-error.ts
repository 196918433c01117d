/** What a command cannot do on this machine; its message is all that a person needs to see. */
export class LocalError extends Error {
  readonly code = 'SBC_LOCAL';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
