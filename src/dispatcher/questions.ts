/** Questions about the projection. While an entry is in flight the projection is ahead of what is stored: they wait until then. */
export class Questions {
  #waiting: (() => void)[] = [];

  /** The answer: asked for at once, or when `answer` is called next. */
  put<T>(ask: () => T, { atOnce }: { atOnce: boolean }): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = () => {
        try {
          resolve(ask());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (atOnce) answer();
      else this.#waiting.push(answer);
    });
  }

  answer(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}
