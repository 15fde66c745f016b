/**
 * Owners are organizations; users act for one of those they are members of. Everybody has a personal one,
 * made at sign-up and, should that have been cut short, on first use.
 */
import { randomUUID } from 'node:crypto';
import type { Db } from './client.ts';

export interface Membership {
  id: string;
  name: string;
  role: string;
}

function personalSlug(userId: string): string {
  return `personal-${userId}`;
}

/** Makes the personal organization if it is not there and returns its id. Safe to repeat and to run at once. */
export async function ensurePersonalOrganization(
  db: Db,
  user: { id: string; name: string; email: string },
): Promise<string> {
  const slug = personalSlug(user.id);
  return db.transaction().execute(async (tx) => {
    await tx
      .insertInto('organization')
      .values({ id: randomUUID(), name: user.name || user.email, slug, createdAt: new Date(), metadata: null })
      .onConflict((conflict) => conflict.column('slug').doNothing())
      .execute();
    const { id } = await tx.selectFrom('organization').select('id').where('slug', '=', slug).executeTakeFirstOrThrow();
    await tx
      .insertInto('member')
      // The id is derived, because better-auth's table has no unique key over organization and user.
      .values({ id: `owner-${user.id}`, organizationId: id, userId: user.id, role: 'owner', createdAt: new Date() })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    return id;
  });
}

/** Organizations that the user is a member of now, the personal one first. */
export async function membershipsOf(db: Db, userId: string): Promise<Membership[]> {
  const rows = await db
    .selectFrom('member')
    .innerJoin('organization', 'organization.id', 'member.organizationId')
    .select(['organization.id', 'organization.name', 'organization.slug', 'member.role', 'member.createdAt'])
    .where('member.userId', '=', userId)
    .orderBy('member.createdAt')
    .execute();
  const personal = personalSlug(userId);
  return rows
    .sort((a, b) => Number(b.slug === personal) - Number(a.slug === personal))
    .map(({ id, name, role }) => ({ id, name, role }));
}

/** Where mail about an organization goes: its longest-standing owner. */
export async function ownerEmail(db: Db, ownerId: string): Promise<string | null> {
  const row = await db
    .selectFrom('member')
    .innerJoin('user', 'user.id', 'member.userId')
    .select('user.email')
    .where('member.organizationId', '=', ownerId)
    .where('member.role', 'like', '%owner%')
    .orderBy('member.createdAt')
    .executeTakeFirst();
  return row?.email ?? null;
}

/**
 * The organization that a user acts for: the wanted one while they are a member of it, else the personal
 * one, made now if it is not there.
 */
export async function actingOwner(
  db: Db,
  user: { id: string; name: string; email: string },
  wanted: string | null,
): Promise<string> {
  const rows = await db
    .selectFrom('member')
    .innerJoin('organization', 'organization.id', 'member.organizationId')
    .select(['organization.id', 'organization.slug'])
    .where('member.userId', '=', user.id)
    .execute();
  const active = rows.find((row) => row.id === wanted) ?? rows.find((row) => row.slug === personalSlug(user.id));
  return active?.id ?? ensurePersonalOrganization(db, user);
}
