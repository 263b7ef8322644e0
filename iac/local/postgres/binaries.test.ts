import { chmod, mkdir, mkdtemp, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { binariesAt, locateBinaries, repairBinaries } from './binaries.ts';

const scratch = await mkdtemp(join(tmpdir(), 'countersign-binaries-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

it('finds the binaries that npm installed', async () => {
  const { postgres, packageVersion } = await locateBinaries();
  expect((await stat(postgres)).mode & 0o111).toBe(0o111);
  expect(packageVersion).toMatch(/^18\./);
});

it('makes the links and executable bits that an install without scripts leaves out', async () => {
  const binaries = binariesAt(join(scratch, 'native'), '18.0.0');
  await unpack(binaries.root);
  await repairBinaries(binaries);
  await repairBinaries(binaries);
  expect(await readlink(join(binaries.root, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
  expect((await stat(binaries.initdb)).mode & 0o777).toBe(0o755);
});

it('says so when programs are missing', async () => {
  await expect(repairBinaries(binariesAt(join(scratch, 'nothing'), '18.0.0'))).rejects.toMatchObject({ code: 'postgres_binaries_broken' });
});

/** As the npm package is unpacked when its postinstall does not run. */
async function unpack(root: string): Promise<void> {
  for (const file of ['bin/postgres', 'bin/initdb', 'lib/libpq.so.5.18']) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), '');
    await chmod(join(root, file), 0o644);
  }
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(root, 'pg-symlinks.json'), JSON.stringify(links));
}
